# SPDX-License-Identifier: Apache-2.0
"""API, agent and proxy in processes of their own, over RabbitMQ and a database."""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import oslo_messaging
import pytest
from oslo_config import cfg
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.integration.consoles import SPICE, echo, read_until, refused
from tests.parts.tls_client import TLSClient
from tests.parts.waiting import wait_for

# Loggers of libraries that are quiet by default.
EVERY_LOGGER = ','.join(
    f'{name}=DEBUG'
    for name in ('amqp', 'kombu', 'oslo_messaging', 'sqlalchemy', 'websockets')
)


class Notifications:
    """Notifications that any service has sent to a broker."""

    def __init__(self, broker):
        conf = cfg.ConfigOpts()
        conf([])
        self._transport = oslo_messaging.get_notification_transport(conf, broker.url)
        self._listener = oslo_messaging.get_notification_listener(
            self._transport, [oslo_messaging.Target(topic='notifications')], [self]
        )
        self.seen: list[str] = []
        self._listener.start()

    def info(self, *values):
        self.seen.append(repr(values))

    audit = debug = warn = error = critical = sample = info

    def close(self):
        """Wait until all earlier ones have arrived, and close."""
        notifier = oslo_messaging.Notifier(
            self._transport, 'test', driver='messagingv2', topics=['notifications']
        )
        notifier.info({}, 'the.last', {})
        wait_for(lambda: any('the.last' in one for one in self.seen))
        self._listener.stop()
        self._listener.wait()
        self._transport.cleanup()


@pytest.fixture
def notifications(broker):
    made = Notifications(broker)
    yield made
    if 'the.last' not in str(made.seen):
        made.close()


def shown_by_the_system(program) -> bytes:
    """Return what users of the system can read of a process: title and environment."""
    process = Path('/proc') / str(program.process.pid)
    files = [process / 'cmdline', process / 'environ']
    files += process.glob('task/*/comm')
    return b'\0'.join(file.read_bytes() for file in files)


def test_cve_2015_9543_no_token_but_in_the_answer(cloud, notifications, tmp_path):
    """From the request for a URL to the guest's answer: every logger at DEBUG, every
    row, notification and process title."""
    database = tmp_path / 'console.db'
    cloud.start(
        DEFAULT={'default_log_levels': EVERY_LOGGER},
        database={'connection_debug': 100},
        oslo_messaging_notifications={'driver': 'messagingv2'},
    )
    titles, rows = b'', []
    with connect(cloud.url()) as console:
        read_until(console, b'login: ')
        echo(console, b'ada')
        for program in (cloud.api, cloud.agent, cloud.proxy):
            titles += shown_by_the_system(program)
        with contextlib.closing(sqlite3.connect(database)) as opened:
            rows = '\n'.join(opened.iterdump())
    assert refused(cloud.public_url + '?token=' + cloud.tokens[0]) == 401
    notifications.close()
    token = cloud.tokens[0]
    token_hash = hashlib.sha256(token.encode()).hexdigest()
    for program in (cloud.proxy, cloud.api, cloud.agent):
        assert program.stop() == 0, program.log[-4000:]
        assert 'Traceback' not in program.log
        assert token not in program.log
        assert token_hash not in program.log
    assert 'console_ext_authorizations' in cloud.api.log
    assert 'sqlalchemy.engine' in cloud.proxy.log
    assert 'oslo_messaging' in cloud.agent.log
    assert token not in rows
    assert token_hash in rows
    assert token.encode() not in titles
    assert b'console-ext-proxy' in titles
    assert token not in str(notifications.seen)


def test_several_proxies_share_the_tokens(cloud):
    """Of many clients at once one opens a serial console; and the sockets of a SPICE
    console may come to any of the processes."""
    cloud.start()
    assert cloud.proxy.stop() == 0
    cloud.start_proxy('--workers', '3')
    url = cloud.url()

    def attempt(_) -> int:
        try:
            consoles.append(stack.enter_context(connect(url, open_timeout=60)))
        except InvalidStatus as error:
            return error.response.status_code
        return 101

    consoles = []
    with contextlib.ExitStack() as stack:
        with ThreadPoolExecutor(20) as threads:
            statuses = Counter(threads.map(attempt, range(60)))
        assert statuses == {101: 1, 401: 59}
        read_until(consoles[0], b'login: ')
        token = cloud.url(SPICE).partition('token=')[2]
        url = f'ws://127.0.0.1:{cloud.spice_port}/?token={token}'
        for _ in range(8):
            read_until(stack.enter_context(connect(url)), b'login: ')


def test_behind_a_reverse_proxy_that_ends_tls(cloud, nginx):
    """The public URL, the allowed origin and the client's address are nginx's."""
    cloud.public_url = nginx.url('wss')
    cloud.start(console_proxy={'trusted_proxies': '127.0.0.0/8'})
    nginx.start(cloud.proxy_port)
    origin = nginx.url('https').removesuffix(nginx.PREFIX)
    url = cloud.url()
    assert url.startswith(cloud.public_url)
    with pytest.raises(InvalidStatus) as caught:
        TLSClient(url, nginx.context, origin='https://evil.example')
    assert caught.value.response.status_code == 403
    with TLSClient(url, nginx.context, origin=origin) as console:
        read_until(console, b'login: ')
        echo(console, b'ada')
