# SPDX-License-Identifier: Apache-2.0
"""The setuptools commands that add the assets to the package."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

from build_backend import assets


class BuildPy(build_py):
    def run(self) -> None:
        assets.build()
        # Otherwise assets of an earlier build would be in the wheel.
        shutil.rmtree(Path(self.build_lib) / assets.FOLDER, ignore_errors=True)
        super().run()


class Sdist(sdist):
    def run(self) -> None:
        # Before the files are listed, so that building a wheel from it needs no npm.
        assets.build()
        super().run()
