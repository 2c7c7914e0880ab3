# SPDX-License-Identifier: Apache-2.0
"""Reads and validates the policy files.

oslo.policy treats an unreadable file as empty and an invalid check as "deny".  The
files are therefore validated here first.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from oslo_config import cfg
from oslo_policy import policy as oslo_policy

from console_ext import conf as config
from console_ext import exceptions

MAX_FILE_BYTES = 16 * 2**20

# For each file: path, inode, size, mtime and ctime in ns.
Stamp = tuple[tuple[str, int, int, int, int], ...]

# The check "!", which denies everyone, as a separate token.
_NEVER = re.compile(r'(?<![^\s(])!(?![^\s)])')


class PolicyFiles:
    """The files of ``[oslo_policy] policy_file`` and ``policy_dirs``.

    :param settling_s: how long a file must be unchanged to count as completely written
    """

    def __init__(self, conf: cfg.ConfigOpts, settling_s: float):
        self._conf = conf
        self._settling_s = settling_s
        self._last: Stamp | None = None

    def stamp(self) -> Stamp:
        """Return a value that changes whenever a file changes."""
        try:
            paths = self._paths()
        except exceptions.ConfigurationError as error:
            return ((str(error), 0, 0, 0, 0),)
        stamp = []
        for path in paths:
            try:
                status = os.stat(path)
            except OSError:
                continue
            stamp.append(
                (
                    path,
                    status.st_ino,
                    status.st_size,
                    status.st_mtime_ns,
                    # Unlike mtime, a program cannot set ctime to an earlier time.
                    status.st_ctime_ns,
                )
            )
        return tuple(stamp)

    def settled_stamp(self) -> Stamp | None:
        """Return :meth:`stamp`, or None while a file may still be written.

        The first call always returns the stamp.
        """
        stamp = self.stamp()
        last, self._last = self._last, stamp
        if last is None or stamp == last:
            return stamp
        # If a file is missing, an editor may be about to rename the new one into place.
        complete = {one[0] for one in last} <= {one[0] for one in stamp}
        newest = max((changed for *_, changed in stamp), default=0)
        if complete and time.time() - newest / 1e9 >= self._settling_s:
            return stamp
        return None

    def check_configured(self) -> None:
        """Check the files that the operator has configured explicitly.

        :raises ConfigurationError: a file or directory is missing, or a file is empty
        """
        options = self._conf.oslo_policy
        if config.is_set(self._conf, 'policy_file', 'oslo_policy'):
            path = self._conf.find_file(options.policy_file)
            if path is None:
                raise _unusable(options.policy_file, 'there is no such file')
            _check_not_empty(path)
        if config.is_set(self._conf, 'policy_dirs', 'oslo_policy'):
            for name in options.policy_dirs:
                folder = self._conf.find_file(name)
                if folder is None or not os.path.isdir(folder):
                    raise exceptions.ConfigurationError(
                        f'[oslo_policy] policy_dirs = {name}: there is no such '
                        'directory'
                    )
                for path in _files_in(folder):
                    _check_not_empty(path)

    def read(self) -> Mapping[str, Mapping[str, Any] | None]:
        """Return the rules of each file, by its path; None for an empty file.

        A file that contains ``{}`` is not empty: it declares that it has no rules.

        :raises ConfigurationError: a file cannot be read or is invalid
        """
        return {path: _rules(path) for path in self._paths()}

    def _paths(self) -> list[str]:
        """Return the existing files in oslo.policy's order; later files override.

        :raises ConfigurationError: a directory cannot be read
        """
        options = self._conf.oslo_policy
        file = self._conf.find_file(options.policy_file)
        paths = [] if file is None else [file]
        for name in options.policy_dirs:
            folder = self._conf.find_file(name)
            if folder is not None and os.path.isdir(folder):
                paths += _files_in(folder)
        return paths


def _files_in(folder: str) -> list[str]:
    """Return the files that oslo.policy reads: not hidden, not in subdirectories.

    :raises ConfigurationError: the directory cannot be read
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.path
                for entry in entries
                if not entry.name.startswith('.') and not entry.is_dir()
            )
    except OSError as error:
        raise _unusable(folder, error.strerror or 'it cannot be read') from None


def _text(path: str) -> str:
    try:
        with open(path, encoding='utf-8') as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise _unusable(path, error.strerror or 'it cannot be read') from None
    except UnicodeDecodeError:
        raise _unusable(path, 'it is not UTF-8') from None
    if len(text) > MAX_FILE_BYTES:
        raise _unusable(path, f'it is longer than {MAX_FILE_BYTES} characters')
    return text


def _check_not_empty(path: str) -> None:
    if not _text(path).strip():
        raise _unusable(path, 'it is empty; write {} into a file without rules')


def _rules(path: str) -> Mapping[str, Any] | None:
    try:
        parsed = yaml.safe_load(_text(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        text = ' '.join(str(error).split())
        raise _unusable(path, f'it is not valid YAML: {text}') from None
    if parsed is None:
        return None
    if not isinstance(parsed, dict):
        raise _unusable(path, 'expected a mapping of rules to checks')
    for name, check in parsed.items():
        texts = list(_texts(check))
        if not isinstance(name, str) or not all(
            isinstance(text, str) for text in texts
        ):
            raise _unusable(path, 'expected a mapping of rules to checks')
        if not _is_valid(check, ' '.join(texts)):
            raise _unusable(path, f'the check of {name} cannot be parsed: {check!r}')
    return parsed


def _texts(check: Any) -> Iterator[Any]:
    """Yield the texts of a check, which may be a list of lists (the old syntax)."""
    if isinstance(check, list):
        for inner in check:
            yield from inner if isinstance(inner, list) else [inner]
    else:
        yield check


def _is_valid(check: Any, text: str) -> bool:
    """Whether oslo.policy can parse the whole check.

    It replaces what it cannot parse by ``!``, which after ``not`` allows everyone.
    """
    parsed = str(oslo_policy.RuleDefault('rule', check).check)
    if parsed == '!':
        bare = text.strip(' \t\r\n()')
        return bare == '!' and text.count('(') == text.count(')')
    return len(_NEVER.findall(parsed)) == len(_NEVER.findall(text))


def _unusable(path: str, reason: str) -> exceptions.ConfigurationError:
    return exceptions.ConfigurationError(f'policy file {path}: {reason}')
