# SPDX-License-Identifier: Apache-2.0
"""Runs the tests with each database."""

import pytest


@pytest.fixture(params=['mariadb', 'postgresql'])
def server(request):
    """A server that can be stopped."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=['sqlite', 'mariadb', 'postgresql'])
def connection(request):
    """The URL of a new database."""
    return request.getfixturevalue(request.param).new_database()
