# SPDX-License-Identifier: Apache-2.0
"""Copies of the source tree for builds."""

from __future__ import annotations

import shutil
from pathlib import Path

from build_backend import assets
from tests.parts.documentation import ROOT

FILES = (
    'LICENSE',
    'MANIFEST.in',
    'README.rst',
    'package-lock.json',
    'package.json',
    'pyproject.toml',
    'setup.cfg',
    'setup.py',
)


def copy(target: Path, *, fetched: bool = True) -> Path:
    """
    :param fetched: whether with what an earlier build of this tree has fetched
    """
    target.mkdir()
    for name in FILES:
        shutil.copy(ROOT / name, target)
    for name in ('build_backend', 'console_ext', 'etc'):
        shutil.copytree(
            ROOT / name, target / name, ignore=shutil.ignore_patterns('__pycache__')
        )
    if not fetched:
        shutil.rmtree(target / assets.FOLDER, ignore_errors=True)
    return target
