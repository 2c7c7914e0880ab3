# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all tests.

``console_ext.cmd`` comes first, as in every program: it settles that oslo.service runs
threads.
"""

import console_ext.cmd  # noqa: F401  isort: skip

import pytest

from tests.deployment import Deployment


@pytest.fixture
def deployment(tmp_path):
    """A configuration directory with the usual servers, and no policy file."""
    return Deployment(tmp_path)
