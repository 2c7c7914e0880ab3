# SPDX-License-Identifier: Apache-2.0
"""Real peers, started and stopped by the tests."""

import os

import pytest

from console_ext.demo.guest import SerialGuest
from tests.functional.conftest import programs  # noqa: F401
from tests.integration.consoles import Cloud
from tests.integration.nginx import PROGRAM, Nginx
from tests.parts.databases import MariaDB, PostgreSQL, SQLite
from tests.parts.rabbitmq import AVAILABLE, Broker


@pytest.fixture(scope='session')
def broker(tmp_path_factory):
    """A running RabbitMQ broker."""
    if not AVAILABLE:
        pytest.skip('rabbitmq-server is not installed')
    broker = Broker(tmp_path_factory.mktemp('rabbitmq'))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()


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


@pytest.fixture
def sqlite(tmp_path):
    return SQLite(tmp_path / 'store.db')


@pytest.fixture
def guest():
    made = SerialGuest('guest')
    made.start()
    yield made
    made.stop()


@pytest.fixture
def cloud(deployment, programs, broker, guest):  # noqa: F811
    """API, agent and proxy, not started, for tests that configure them."""
    return Cloud(deployment, programs, broker, guest)


@pytest.fixture
def nginx(tmp_path, programs):  # noqa: F811
    """nginx with a certificate, not started."""
    if not PROGRAM.exists():
        pytest.skip('nginx is not installed')
    return Nginx(tmp_path / 'nginx', programs)
