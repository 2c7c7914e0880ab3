# SPDX-License-Identifier: Apache-2.0
"""Real peers, started and stopped by the tests."""

import pytest

from tests.functional.conftest import programs  # noqa: F401
from tests.integration.rabbitmq import AVAILABLE, Broker


@pytest.fixture(scope='module')
def broker(tmp_path_factory):
    """A RabbitMQ broker that listens."""
    if not AVAILABLE:
        pytest.skip('rabbitmq-server is not installed')
    broker = Broker(tmp_path_factory.mktemp('rabbitmq'))
    try:
        broker.start()
        yield broker
    finally:
        broker.stop()
