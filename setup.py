# SPDX-License-Identifier: Apache-2.0
"""All there is to say is in setup.cfg."""

import setuptools

setuptools.setup()
