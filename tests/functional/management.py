# SPDX-License-Identifier: Apache-2.0
"""console-ext-manage in this process: as a program, it spends a second on imports."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from unittest import mock

from console_ext.cmd.manage import main
from tests.parts import programs


def manage(
    config_files: Sequence[Path], *args: str
) -> subprocess.CompletedProcess[str]:
    """Do what :func:`programs.manage` does, with the same result."""
    command = ['console-ext-manage', *programs.options(config_files), *args]
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, 'argv', command),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            status = main()
        except SystemExit as end:
            status = int(end.code or 0)
    return subprocess.CompletedProcess(command, status, out.getvalue(), err.getvalue())


def check(config_files: Sequence[Path], *args: str) -> dict[str, str]:
    """Return the verdict and text of each part in ``console-ext-manage check``."""
    return programs.verdicts(manage(config_files, 'check', *args))
