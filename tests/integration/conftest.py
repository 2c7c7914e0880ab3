# SPDX-License-Identifier: Apache-2.0
"""Real peers, started and stopped by the tests."""

import os

import pytest

from tests.functional.conftest import programs  # noqa: F401
from tests.integration.rabbitmq import AVAILABLE, Broker


def needs(condition, what):
    """Skip for want of a part, but not in CI: there, what is missing is a failure."""
    if not condition:
        assert not os.environ.get('CI'), f'{what} is missing'
        pytest.skip(f'{what} is missing')


@pytest.fixture(scope='module')
def broker(tmp_path_factory):
    """A RabbitMQ broker that listens."""
    needs(AVAILABLE, 'rabbitmq-server')
    broker = Broker(tmp_path_factory.mktemp('rabbitmq'))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
