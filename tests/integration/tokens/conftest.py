# SPDX-License-Identifier: Apache-2.0
"""Each database in turn."""

from __future__ import annotations

import os

import pytest

from tests.integration.tokens.servers import MariaDB, PostgreSQL


def _started(kind):
    try:
        server = kind()
    except FileNotFoundError as missing:
        if os.environ.get('CI'):
            raise
        pytest.skip(f'{missing} is not installed')
    yield server
    server.close()


@pytest.fixture(scope='session')
def mariadb():
    yield from _started(MariaDB)


@pytest.fixture(scope='session')
def postgresql():
    yield from _started(PostgreSQL)


@pytest.fixture(params=['mariadb', 'postgresql'])
def server(request):
    """A server that can be stopped."""
    return request.getfixturevalue(request.param)


@pytest.fixture(params=['sqlite', 'mariadb', 'postgresql'])
def connection(request, tmp_path):
    """The URL of a new database."""
    if request.param == 'sqlite':
        return f'sqlite:///{tmp_path}/store.db'
    return request.getfixturevalue(request.param).new_database()
