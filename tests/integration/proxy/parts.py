# SPDX-License-Identifier: Apache-2.0
"""Programs and files that a test needs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest

from console_ext.demo.linux import Linux, Missing

SPICE_HTML5 = Path('/usr/share/spice-html5')
NOVNC = Path('/usr/share/novnc')


def needed(name: str, source: str = 'bindep.txt') -> str:
    """The path of a program, or of a file; the test is skipped where there is none.

    Where CI is set everything has to be there.

    :param source: what installs it
    """
    beside_python = shutil.which(name, path=Path(sys.executable).parent)
    found = beside_python or shutil.which(name)
    if found is None and os.path.exists(name):
        found = name
    if found is None:
        _absent(f'{name} is not installed', source)
    return found


def needed_linux() -> None:
    """What the demo's machine boots; the test is skipped where a part is missing."""
    try:
        Linux.find()
    except Missing as missing:
        _absent(f'the demo boots no Linux: {missing}')


def _absent(reason: str, source: str = 'bindep.txt') -> NoReturn:
    if os.environ.get('CI'):
        pytest.fail(f'{reason} (see {source})')
    pytest.skip(f'{reason} (see {source})')
