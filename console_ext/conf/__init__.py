# SPDX-License-Identifier: Apache-2.0
"""Configuration options, with one module for each group.

There is no global CONF: a program creates a ``ConfigOpts`` here and passes it on.
Options that exist in Nova have Nova's groups and names, so that nova.conf can be one of
the files.
"""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

from oslo_config import cfg

from console_ext.conf import (
    api,
    certificate,
    compute,
    console,
    console_proxy,
    console_rpc,
    console_tokens,
    consoleauth,
    inventory,
    serial_console,
    spice,
    vnc,
)

PROJECT = 'console_ext'
CONFIG_FILES_VARIABLE = 'CONSOLE_EXT_CONFIG_FILES'

_GROUPS = (
    api,
    certificate,
    compute,
    console,
    console_proxy,
    console_rpc,
    console_tokens,
    consoleauth,
    inventory,
    serial_console,
    spice,
    vnc,
)

_DEFAULTS = {cfg.Locations.opt_default, cfg.Locations.set_default}


def list_opts() -> list[tuple[str | None, Sequence[cfg.Opt]]]:
    """Return all options of this package, for oslo-config-generator."""
    return [(module.GROUP, module.OPTS) for module in _GROUPS]


def register_opts(conf: cfg.ConfigOpts) -> None:
    for group, opts in list_opts():
        conf.register_opts(opts, group=group)


def load(
    config_files: Iterable[str] | None = None, args: Sequence[str] = ()
) -> cfg.ConfigOpts:
    """Read the configuration.

    :param config_files: the files; later ones override earlier ones.  None for the
        files in the environment variable CONSOLE_EXT_CONFIG_FILES, separated by
        colons, or else ``console_ext.conf`` in oslo.config's default directories.
    :param args: the command line without the program's name
    :raises oslo_config.cfg.Error: a file cannot be read or is not UTF-8, or a value is
        invalid
    """
    conf = cfg.ConfigOpts()
    read(conf, config_files, args)
    return conf


def read(
    conf: cfg.ConfigOpts, config_files: Iterable[str] | None, args: Sequence[str]
) -> None:
    """Like :func:`load`, but into a ``ConfigOpts`` that may have other options."""
    register_opts(conf)
    files = _files(config_files)
    try:
        conf(list(args), project=PROJECT, default_config_files=files)
    except UnicodeDecodeError:
        raise _not_text([*_named(args), *files]) from None
    # oslo.config validates a value on first use.  This validates all at the start.
    for group, opts in list_opts():
        for opt in opts:
            value = getattr(conf if group is None else conf[group], opt.dest)
            if value is None and opt.default is not None:
                # A number without a value.
                raise cfg.ConfigFileValueError(
                    f'[{group or "DEFAULT"}] {opt.dest} has no value'
                )
            # Invalid in paths, names and URLs.
            if any('\0' in text for text in _texts(value)):
                raise cfg.ConfigFileValueError(
                    f'[{group or "DEFAULT"}] {opt.dest} contains a NUL character'
                )


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from map(str, value)


def _not_text(paths: Iterable[str]) -> cfg.Error:
    """Return the error for a file that is not UTF-8; oslo.config does not name it."""
    for path in paths:
        try:
            with open(path, encoding='utf-8') as file:
                file.read()
        except UnicodeDecodeError:
            return cfg.ConfigFileParseError(path, 'it is not UTF-8')
        except OSError:
            continue
    return cfg.Error('a configuration file is not UTF-8')


def _named(args: Sequence[str]) -> Iterator[str]:
    """Yield the files that a command line names."""
    for before, after in itertools.zip_longest(args, args[1:]):
        option, _, value = before.partition('=')
        if option == '--config-file':
            yield value or after or ''


def _files(config_files: Iterable[str] | None) -> list[str]:
    if config_files is not None:
        return list(config_files)
    named = os.environ.get(CONFIG_FILES_VARIABLE, '')
    if named:
        return named.split(os.pathsep)
    usual: list[str] = cfg.find_config_files(project=PROJECT, prog=PROJECT)
    return usual or [path for path in [_installed(f'{PROJECT}.conf')] if path]


def is_set(conf: cfg.ConfigOpts, option: str, group: str | None = None) -> bool:
    """Whether somebody has set an option, to whatever value.

    A file, an environment variable, the command line and an override count; a default
    never does, not even one that another library has set.

    :raises oslo_config.cfg.NoSuchOptError: the option is not registered
    """
    where = conf.get_location(option, group)
    # None: the default of an option that has none of its own.
    return where is not None and where.location not in _DEFAULTS


def find_file(conf: cfg.ConfigOpts, name: str) -> str | None:
    """Return the path of a file that belongs to the configuration, or None.

    The search order: the directories of the configuration files, oslo.config's default
    directories, and the installation directory of this package.
    """
    found: str | None = conf.find_file(name)
    return found or _installed(name)


def _installed(name: str) -> str | None:
    # The second directory is for a source tree that is used without installation.
    for prefix in (sys.prefix, os.path.join(os.path.dirname(__file__), '..', '..')):
        path = os.path.normpath(os.path.join(prefix, 'etc', PROJECT, name))
        if os.path.exists(path):
            return path
    return None


def from_paste(
    global_conf: Mapping[str, str], local_conf: Mapping[str, str]
) -> cfg.ConfigOpts:
    """Load the configuration for the factory of a PasteDeploy section.

    :param global_conf: the section ``[DEFAULT]``, which may contain ``config_files``
    :param local_conf: may contain ``config_files``, separated by colons; without it,
        and without that of ``[DEFAULT]``, :func:`load` searches for the files.  The
        files in the directories ``config_dirs`` override them.
    """
    named = {**global_conf, **local_conf}
    files, dirs = (
        [path for path in named.get(key, '').split(os.pathsep) if path]
        for key in ('config_files', 'config_dirs')
    )
    return load(files or None, [f'--config-dir={path}' for path in dirs])
