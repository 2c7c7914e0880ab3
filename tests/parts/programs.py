# SPDX-License-Identifier: Apache-2.0
"""The project's programs, run as an operator runs them."""

from __future__ import annotations

import contextlib
import functools
import itertools
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

BIN = Path(sys.executable).parent


# Below the range that Linux uses for outgoing connections.
_PORTS = range(16000, 32000)


@functools.cache
def _ports() -> Iterator[int]:
    """Yield ports, in random order, that no other process of this test run tries."""
    worker = os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw')
    workers = int(os.environ.get('PYTEST_XDIST_WORKER_COUNT', '1'))
    ports = list(_PORTS[int(worker) :: workers])
    # Hypothesis gives other random numbers the same seed in each process.
    random.SystemRandom().shuffle(ports)
    return itertools.cycle(ports)


def free_port() -> int:
    """Return a port of 127.0.0.1 that is free and will probably stay free."""
    while True:
        port = next(_ports())
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(('127.0.0.1', port))
            return port


def listens(port: int) -> bool:
    """Whether a port of 127.0.0.1 accepts connections."""
    try:
        socket.create_connection(('127.0.0.1', port), timeout=1).close()
    except OSError:
        return False
    return True


def run(*command: str, **env: str) -> str:
    """Run a program of the tests' environment, and return its output."""
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def options(config_files: Sequence[Path]) -> list[str]:
    """The options of a program that name its configuration files."""
    return [part for path in config_files for part in ('--config-file', str(path))]


def manage(
    config_files: Sequence[Path], *args: str, directory: Path = BIN
) -> subprocess.CompletedProcess[str]:
    """Run console-ext-manage to its end.

    :param directory: where it is installed
    """
    return subprocess.run(
        [str(directory / 'console-ext-manage'), *options(config_files), *args],
        capture_output=True,
        text=True,
        timeout=100,
    )


def check(
    config_files: Sequence[Path], *args: str, directory: Path = BIN
) -> dict[str, str]:
    """Return the verdict and text of each part in ``console-ext-manage check``."""
    return verdicts(manage(config_files, 'check', *args, directory=directory))


def verdicts(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """Return the verdict and text of each part that a check has printed."""
    lines = {}
    for line in done.stdout.splitlines():
        verdict, rest = line.split(maxsplit=1)
        part, _, text = rest.partition(': ')
        lines[part] = f'{verdict:5}  {text}'
    wrong = [text for text in lines.values() if text.startswith('WRONG')]
    assert done.returncode == bool(wrong), done
    said = [f'console-ext-manage: {len(wrong)} of {len(lines)} checks have failed']
    assert done.stderr.splitlines() == said[: done.returncode]
    assert 'swordfish' not in done.stdout
    return lines


class Program:
    """A program in a process of its own, with a log file."""

    def __init__(self, command: list[str], log_file: Path, env: dict[str, str]):
        self._log_file = log_file
        with log_file.open('wb') as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **env},
            )

    @property
    def log(self) -> str:
        return self._log_file.read_text(errors='replace')

    def wait_for(self, text: str, timeout_s: float = 60) -> None:
        """Wait until the program has logged a text."""
        deadline = time.monotonic() + timeout_s
        while text not in self.log:
            ended = self.process.poll() is not None
            assert not ended, f'ended with {self.process.returncode}:\n{self.log}'
            assert time.monotonic() < deadline, f'no {text!r} in:\n{self.log}'
            time.sleep(0.05)

    def stop(self, number: int = signal.SIGTERM, timeout_s: float = 60) -> int:
        """Send a signal to the process, and return its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(timeout_s)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Stop the process if it runs; kill it if it does not stop in time."""
        if self.process.poll() is None:
            try:
                self.stop()
            finally:
                self.kill()


class Programs:
    """Every program that a test starts.

    :param directory: where the logs go
    """

    def __init__(self, directory: Path):
        self._directory = directory
        self._started: list[Program] = []

    def __enter__(self) -> Programs:
        return self

    def __exit__(self, *_: object) -> None:
        # In reverse order; a failure does not prevent stopping the others.
        with contextlib.ExitStack() as ends:
            for program in self._started:
                ends.callback(program.end)

    def start(self, name: str, *args: str, **env: str) -> Program:
        """Start a program of the tests' environment."""
        return self._start(name, [str(BIN / name), *args], env)

    def start_module(self, name: str, *args: str, **env: str) -> Program:
        """Start a module of the tests' own."""
        return self._start(name, [sys.executable, '-m', name, *args], env)

    def start_program(self, path: str, *args: str) -> Program:
        """Start a program that is installed on this machine."""
        return self._start(Path(path).name, [path, *args], {})

    def _start(self, name: str, command: list[str], env: dict[str, str]) -> Program:
        log_file = self._directory / f'{name}-{len(self._started)}.log'
        program = Program(command, log_file, env)
        self._started.append(program)
        return program
