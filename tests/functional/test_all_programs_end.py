# SPDX-License-Identifier: Apache-2.0
"""The tests leave no program running."""

import subprocess

import pytest

from tests.parts.programs import Program, Programs


def test_one_that_does_not_end_keeps_no_other(tmp_path, monkeypatch):
    """It is killed, the others are ended too, and the test fails."""

    def does_not_end(program, *_):
        raise subprocess.TimeoutExpired(program.process.args, 20)

    monkeypatch.setattr(Program, 'stop', does_not_end)
    started = []
    with pytest.raises(subprocess.TimeoutExpired):
        with Programs(tmp_path) as programs:
            started += [programs.start_program('/bin/sleep', '60') for _ in range(3)]
    assert all(one.process.returncode is not None for one in started)
