# SPDX-License-Identifier: Apache-2.0
"""The commands of setuptools that put the assets into the package."""

from __future__ import annotations

import shutil
from pathlib import Path

from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

from build_backend import assets


class BuildPy(build_py):
    def run(self) -> None:
        assets.build()
        # What an earlier build has left there would go into the wheel, too.
        shutil.rmtree(Path(self.build_lib) / assets.FOLDER, ignore_errors=True)
        super().run()


class Sdist(sdist):
    def run(self) -> None:
        # Before the list of files is made: a wheel of it needs no npm.
        assets.build()
        super().run()
