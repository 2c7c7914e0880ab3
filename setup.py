# SPDX-License-Identifier: Apache-2.0
"""All there is to say is in setup.cfg, but for the commands that fetch the assets."""

import setuptools

from build_backend.commands import BuildPy, Sdist

setuptools.setup(cmdclass={'build_py': BuildPy, 'sdist': Sdist})
