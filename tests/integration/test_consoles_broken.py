# SPDX-License-Identifier: Apache-2.0
"""Each part is killed during sessions and admissions, and restarted."""

from __future__ import annotations

import signal
import threading
import time

import pytest
import sqlalchemy as sa
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from console_ext.demo.guest import SerialGuest
from console_ext.store.schema import SOCKETS
from tests.integration.consoles import (
    TIMEOUT_S,
    Users,
    echo,
    opens,
    read_until,
    refused,
    status_of,
)
from tests.parts.waiting import wait_for

LEASE_S = 4

# A loose ceiling for an answer while a part is away, on a busy machine.
SLOWEST_S = 30


@pytest.fixture(params=['sqlite', 'mariadb', 'postgresql'])
def database(request):
    """A database that can be taken away and returned."""
    return request.getfixturevalue(request.param)


def test_database(cloud, database):
    """Gone, and later silent: sessions go on, and nobody else waits for long; nothing
    has to be started again, and no session is stuck."""
    connection = database.new_database()
    cloud.start(
        database={'connection': connection},
        console_tokens={'timeout': 2, 'lease': LEASE_S},
        console_proxy={
            'heartbeat_interval': 0.5,
            'max_sessions_per_client': 20,
            'store_timeout': 4,
        },
    )
    with connect(cloud.url()) as console, Users(cloud) as users:
        read_until(console, b'login: ')
        users.wait_for_more(101)
        for take, give, url in (
            (database.stop, database.start, cloud.url()),
            (database.freeze, database.thaw, cloud.url()),
        ):
            take()
            try:
                users.wait_for_more(503)
                assert refused(url) == 503
                assert cloud.ask().status_code == 503
                echo(console, b'still here')
            finally:
                give()
            # Calls of a silent database are undone when it answers.
            wait_for(lambda: status_of(url, b'login: ') == 101)  # noqa: B023
            users.wait_for_more(101)
        echo(console, b'and here')
    assert set(users.statuses) == {101, 503}
    assert users.slowest_s < SLOWEST_S
    assert 'Traceback' not in cloud.api.log + cloud.proxy.log
    wait_for(lambda: not believed_open(connection))


def believed_open(connection):
    """How many sockets the store counts as open."""
    query = sa.select(sa.func.count()).where(SOCKETS.c.lease > time.time())
    engine = sa.create_engine(connection)
    try:
        with engine.connect() as opened:
            return opened.scalar(query)
    finally:
        engine.dispose()


def test_agent(cloud):
    """A session goes on; what is asked of the host meanwhile is refused in time, also
    what it was being asked; and the same URL opens when it is back."""
    cloud.start()
    url = cloud.url()
    with connect(cloud.url()) as console, Users(cloud) as users:
        read_until(console, b'login: ')
        users.wait_for_more(101)
        cloud.agent.kill()
        assert refused(url) == 503
        assert cloud.ask().status_code == 503
        echo(console, b'still here')
        cloud.start_agent()
        # A call made meanwhile shows that the host answers again.
        wait_for(lambda: status_of(url, b'login: ') == 101)
        users.wait_for_more(101)
    assert set(users.statuses) == {101, 503}
    assert users.slowest_s < SLOWEST_S


def test_broker(cloud, broker):
    """As above, also during the port check."""
    cloud.start()
    url = cloud.url()
    with connect(cloud.url()) as console, Users(cloud) as users:
        read_until(console, b'login: ')
        users.wait_for_more(101)
        cloud.agent.process.send_signal(signal.SIGSTOP)
        answers = []
        asking = threading.Thread(target=lambda: answers.append(refused(url)))
        asking.start()
        time.sleep(0.5)
        broker.kill()
        cloud.agent.process.send_signal(signal.SIGCONT)
        try:
            asking.join(10 * TIMEOUT_S)
            assert answers == [503]
            assert refused(url) == 503
            assert cloud.ask().status_code == 503
            echo(console, b'still here')
        finally:
            broker.start()
        wait_for(lambda: status_of(url, b'login: ') == 101)
        wait_for(lambda: cloud.ask().status_code == 200)
        opens(cloud.url())
        users.wait_for_more(101)
    assert set(users.statuses) == {101, 503}
    assert users.slowest_s < SLOWEST_S


def test_guest(cloud):
    """Its sessions end with a reason, and its port is not there to be opened; where it
    comes back on another, a new URL opens and the old one does not."""
    cloud.start()
    url = cloud.url()
    with connect(cloud.url()) as console, Users(cloud) as users:
        read_until(console, b'login: ')
        users.wait_for_more(101)
        cloud.guest.stop()
        with pytest.raises(ConnectionClosed) as caught:
            read_until(console, b'nothing more')
        assert caught.value.rcvd.reason
        assert refused(url) == 502
        users.wait_for_more(502)
        other = SerialGuest('other')
        other.start()
        try:
            cloud.place(other.port)
            wait_for(lambda: refused(url) == 409)
            users.wait_for_more(101)
        finally:
            other.stop()
    assert set(users.statuses) <= {101, 409, 502}


def test_proxy(cloud):
    """Sessions are lost, also those that were being opened; a new one has no trouble
    with what the old one left."""
    cloud.start(
        console_tokens={'lease': LEASE_S}, console_proxy={'heartbeat_interval': 1}
    )
    url = cloud.url()
    with connect(cloud.url()) as console:
        read_until(console, b'login: ')
        cloud.proxy.kill()
        with pytest.raises(ConnectionClosed):
            read_until(console, b'nothing more')
    cloud.start_proxy()
    opens(url)
