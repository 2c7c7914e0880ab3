# SPDX-License-Identifier: Apache-2.0
"""Installs plugins as pip would, and runs programs with them."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path


class Site:
    """A directory of installed packages, put on the path of a program.

    :param path: a directory of this test's own
    """

    def __init__(self, path: Path):
        self.path = path / 'site'
        self.path.mkdir()
        self._environment = {
            **os.environ,
            'PYTHONPATH': str(self.path),
            # stevedore caches entry points by directory.
            'XDG_CACHE_HOME': str(path / 'cache'),
        }

    def install(
        self,
        package: str,
        source: str,
        namespace: str,
        entry_points: dict[str, str],
    ) -> None:
        """
        :param package: also the module's name
        :param source: the module
        :param entry_points: names, each with its ``module:object``
        """
        (self.path / f'{package}.py').write_text(textwrap.dedent(source))
        info = self.path / f'{package}-1.0.dist-info'
        info.mkdir()
        (info / 'METADATA').write_text(
            f'Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n'
        )
        lines = [f'{name} = {target}' for name, target in entry_points.items()]
        (info / 'entry_points.txt').write_text(
            '\n'.join([f'[{namespace}]', *lines, ''])
        )

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a program of this package."""
        return subprocess.run(
            [sys.executable, '-m', *command],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def only_line(result: subprocess.CompletedProcess[str]) -> str:
    """Return the only line of output of a program that does not start."""
    assert result.returncode == 1, result.stderr
    assert result.stdout == ''
    assert 'Traceback' not in result.stderr
    (line,) = result.stderr.splitlines()
    return line
