# SPDX-License-Identifier: Apache-2.0
"""Runs a program of this package many times, but imports its libraries only once.

The imports take most of the time of a short program.  ``python -m tests.parts.forked``
has done them, and runs the program in a fork for each line on its standard input.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import json
import os
import runpy
import select
import signal
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Forked:
    """
    :param module: the program
    :param path: a directory of its own
    """

    def __init__(self, module: str, path: Path):
        self._path = path
        self._numbers = itertools.count()
        self._process = subprocess.Popen(
            [sys.executable, '-m', __name__, module],
            cwd=ROOT,
            # stevedore caches entry points by directory.
            env={**os.environ, 'XDG_CACHE_HOME': str(path / 'cache')},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            # The program in the fork ends with it.
            start_new_session=True,
        )

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *error: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()

    def run(self, *arguments: str, site: Path) -> subprocess.CompletedProcess[str]:
        """Run the program as ``python -m`` does.

        :param site: a directory of packages, as in PYTHONPATH
        """
        stem = self._path / str(next(self._numbers))
        files = stem.with_suffix('.out'), stem.with_suffix('.err')
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        json.dump([*map(str, (site, *files)), *arguments], self._process.stdin)
        self._process.stdin.write('\n')
        self._process.stdin.flush()
        ready, _, _ = select.select([self._process.stdout], [], [], 60)
        assert ready, 'the program has not ended in time'
        code = int(self._process.stdout.readline())
        output, errors = (file.read_text() for file in files)
        return subprocess.CompletedProcess(arguments, code, output, errors)


def _serve(module: str) -> None:
    importlib.import_module(module)
    # It runs again in each fork.
    del sys.modules[module]
    # Otherwise each fork goes through all objects at its end.
    gc.freeze()
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            _become(module, *json.loads(line))
            return
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _become(module: str, site: str, output: str, errors: str, *arguments: str) -> None:
    for descriptor, name in ((1, output), (2, errors)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT, 0o600), descriptor)
    sys.path.insert(1, site)
    sys.argv[1:] = arguments
    runpy.run_module(module, run_name='__main__', alter_sys=True)


if __name__ == '__main__':
    _serve(sys.argv[1])
