# SPDX-License-Identifier: Apache-2.0
"""Configuration, a module a group.

There is no global CONF: whoever starts a service makes a ``ConfigOpts`` here and
passes it on.  Groups and names are Nova's where Nova has them, so that a nova.conf
can be one of the files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping, Sequence

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
)


def list_opts() -> list[tuple[str | None, Sequence[cfg.Opt]]]:
    """Every option of this package, for oslo-config-generator."""
    return [(module.GROUP, module.OPTS) for module in _GROUPS]


def register_opts(conf: cfg.ConfigOpts) -> None:
    for group, opts in list_opts():
        conf.register_opts(opts, group=group)


def load(
    config_files: Iterable[str] | None = None, args: Sequence[str] = ()
) -> cfg.ConfigOpts:
    """Read the configuration.

    :param config_files: the files, later ones winning; None for those named by the
        environment variable CONSOLE_EXT_CONFIG_FILES (separated as in PATH), else
        for ``console_ext.conf`` in oslo.config's usual places
    :param args: a command line, without the program's name
    :raises oslo_config.cfg.Error: an unreadable file or an invalid value
    """
    conf = cfg.ConfigOpts()
    read(conf, config_files, args)
    return conf


def read(
    conf: cfg.ConfigOpts, config_files: Iterable[str] | None, args: Sequence[str]
) -> None:
    """As :func:`load`, into options that may hold others than ours already."""
    register_opts(conf)
    conf(list(args), project=PROJECT, default_config_files=_files(config_files))
    # oslo.config looks at a value when it is first used; better now than in a request.
    for group, opts in list_opts():
        for opt in opts:
            getattr(conf if group is None else conf[group], opt.dest)


def _files(config_files: Iterable[str] | None) -> list[str]:
    if config_files is not None:
        return list(config_files)
    named = os.environ.get(CONFIG_FILES_VARIABLE, '')
    if named:
        return named.split(os.pathsep)
    usual: list[str] = cfg.find_config_files(project=PROJECT, prog=PROJECT)
    return usual or [path for path in [_installed(f'{PROJECT}.conf')] if path]


def find_file(conf: cfg.ConfigOpts, name: str) -> str | None:
    """The path of a file that belongs to the configuration, or None.

    Beside the configuration files, then where oslo.config looks, then where this
    package was installed to.
    """
    found: str | None = conf.find_file(name)
    return found or _installed(name)


def _installed(name: str) -> str | None:
    # The second is a source tree that is used in place.
    for prefix in (sys.prefix, os.path.join(os.path.dirname(__file__), '..', '..')):
        path = os.path.normpath(os.path.join(prefix, 'etc', PROJECT, name))
        if os.path.exists(path):
            return path
    return None


def from_paste(
    global_conf: Mapping[str, str], local_conf: Mapping[str, str]
) -> cfg.ConfigOpts:
    """The configuration that a PasteDeploy section names, for its factory.

    :param local_conf: may hold ``config_files``, separated as in PATH, as may
        ``[DEFAULT]``; where neither does, the files are found as by :func:`load`
    """
    names = {**global_conf, **local_conf}.get('config_files')
    return load(names.split(os.pathsep) if names else None)
