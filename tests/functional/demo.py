# SPDX-License-Identifier: Apache-2.0
"""Runs the demo as a new user does."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

from console_ext.demo.welcome import READY
from tests.parts.programs import Programs, free_port

OPTIONS = ('--port', '--serial-port', '--spice-port', '--vnc-port')


def ports() -> list[str]:
    """Options with free ports; the API's is first."""
    return [part for option in OPTIONS for part in (option, str(free_port()))]


@contextlib.contextmanager
def running(directory: Path, **env: str) -> Iterator[str]:
    """A demo on free ports, until the end of a ``with``.

    :param directory: for its log
    :param env: more environment variables
    :returns: the endpoint of its API, with the version
    """
    options = ports()
    with Programs(directory) as programs:
        program = programs.start('console-ext-demo', *options, **env)
        program.wait_for(READY)
        yield f'http://127.0.0.1:{options[1]}/v2.1'
        assert program.stop(signal.SIGINT) == 0, program.log
        assert 'Traceback' not in program.log
