# SPDX-License-Identifier: Apache-2.0
"""API, agent and proxy in processes of their own, over RabbitMQ and a database."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import time

import pytest
import requests
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from console_ext.demo.guest import SerialGuest
from console_ext.tokens import migration
from tests.deployment import server, server_id
from tests.functional.programs import free_port

SERIAL = {'os-getSerialConsole': {'type': 'serial'}}
TIMEOUT_S = 4


@pytest.fixture
def guest():
    made = SerialGuest('guest')
    made.start()
    yield made
    made.stop()


class Cloud:
    """The three programs, at DEBUG, and what a user does with them."""

    def __init__(self, deployment, programs, broker, guest):
        self.api_port, self.proxy_port = free_port(), free_port()
        self.public_url = f'ws://127.0.0.1:{self.proxy_port}/'
        self.guest = guest
        self.tokens: list[str] = []
        self._deployment, self._programs, self._broker = deployment, programs, broker

    def start(self, **more):
        deployment = self._deployment
        deployment.configure(
            DEFAULT={'transport_url': self._broker.url, 'debug': True},
            api={'listen_port': self.api_port},
            console_rpc={'timeout': TIMEOUT_S},
            database={'connection': f'sqlite:///{deployment.path}/console.db'},
            serial_console={
                'serialproxy_port': self.proxy_port,
                'base_url': self.public_url,
            },
            spice={'html5proxy_port': free_port()},
            **more,
        )
        serial = {'serial': {'host': '127.0.0.1', 'port': self.guest.port}}
        deployment.write_inventory([server('01', consoles=serial)])
        migration.sync(deployment.conf())
        self.start_agent()
        option = ('--config-file', str(deployment.config_file))
        self.api = self._programs.start('console-ext-api', *option)
        self.proxy = self._programs.start('console-ext-proxy', *option)
        self.api.wait_for('Serving on')
        self.proxy.wait_for('Listening for SPICE consoles')

    def start_agent(self):
        self.agent = self._programs.start(
            'console-ext-agent', '--config-file', str(self._deployment.config_file)
        )
        self.agent.wait_for('Answering for compute host')

    def ask(self):
        return requests.post(
            f'http://127.0.0.1:{self.api_port}/v2.1/servers/{server_id("01")}/action',
            json=SERIAL,
            timeout=TIMEOUT_S + 6,
        )

    def url(self):
        answer = self.ask()
        assert answer.status_code == 200, answer.text
        url = answer.json()['console']['url']
        self.tokens.append(url.partition('token=')[2])
        return url


@pytest.fixture
def cloud(deployment, programs, broker, guest):
    made = Cloud(deployment, programs, broker, guest)
    made.start()
    return made


def read_until(console, text):
    shown = b''
    while text not in shown:
        shown += console.recv(10)
    return shown


def echo(console, text):
    """Type something, and see it."""
    console.send(text)
    read_until(console, text)


def refused(url):
    with pytest.raises(InvalidStatus) as caught:
        connect(url)
    return caught.value.response.status_code


def test_typed_at_and_answered(cloud):
    """From the request for a URL to the guest's answer; and no log has the token."""
    with connect(cloud.url()) as console:
        read_until(console, b'login: ')
        echo(console, b'ada')
    assert refused(cloud.public_url + '?token=' + cloud.tokens[0]) == 401
    for program in (cloud.proxy, cloud.api, cloud.agent):
        assert program.stop() == 0
        assert 'Traceback' not in program.log
        for token in cloud.tokens:
            assert token not in program.log


def test_agent_killed(cloud):
    """A session goes on; what is asked of the host meanwhile is refused in time."""
    url = cloud.url()
    with connect(cloud.url()) as console:
        read_until(console, b'login: ')
        cloud.agent.kill()
        assert refused(url) == 503
        assert cloud.ask().status_code == 503
        echo(console, b'still here')
        cloud.start_agent()
        connect(cloud.url()).close()


def test_broker_killed(cloud, broker):
    """A session goes on; the first URL after the broker's return opens."""
    url = cloud.url()
    with connect(cloud.url()) as console:
        read_until(console, b'login: ')
        broker.kill()
        try:
            assert refused(url) == 503
            assert cloud.ask().status_code == 503
            echo(console, b'still here')
        finally:
            broker.start()
        connect(cloud.url()).close()


def test_guest_gone(cloud):
    """The session ends with a reason, and its port is not there to be opened."""
    url = cloud.url()
    with connect(cloud.url()) as console:
        read_until(console, b'login: ')
        cloud.guest.stop()
        with pytest.raises(ConnectionClosed) as caught:
            read_until(console, b'nothing more')
    assert caught.value.rcvd.reason
    assert refused(url) == 502


NGINX = """\
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {directory}/cert.pem;
    ssl_certificate_key {directory}/key.pem;
    location /consoles/ {{
      proxy_pass http://127.0.0.1:{proxy_port}/;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""


@pytest.fixture
def nginx(tmp_path, programs):
    """Start nginx in front of a proxy; its public port."""
    if shutil.which('nginx', path='/usr/sbin:/usr/bin') is None:
        pytest.skip('nginx is not installed')
    port = free_port()
    directory = tmp_path / 'nginx'
    directory.mkdir()
    command = [
        *('openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt'),
        *('ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'),
        *('-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'),
        *('-keyout', str(directory / 'key.pem'), '-out', str(directory / 'cert.pem')),
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=30)
    started = []

    def start(proxy_port):
        values = {'directory': directory, 'port': port, 'proxy_port': proxy_port}
        (directory / 'nginx.conf').write_text(NGINX.format(**values))
        nginx = programs.start_program(
            '/usr/sbin/nginx', '-p', str(directory), '-c', str(directory / 'nginx.conf')
        )
        started.append(nginx)
        deadline = time.monotonic() + 20
        while True:
            try:
                requests.get(f'https://127.0.0.1:{port}/', verify=False, timeout=5)
                return
            except requests.ConnectionError:
                assert nginx.process.poll() is None, nginx.log
                assert time.monotonic() < deadline
                time.sleep(0.1)

    start.port = port
    start.context = ssl.create_default_context(cafile=str(directory / 'cert.pem'))
    return start


@pytest.mark.filterwarnings('ignore:Unverified HTTPS request')
def test_behind_a_reverse_proxy_that_ends_tls(
    deployment, programs, broker, guest, nginx
):
    """The public URL is nginx's; so are the origin that is allowed, and the client."""
    cloud = Cloud(deployment, programs, broker, guest)
    cloud.public_url = f'wss://127.0.0.1:{nginx.port}/consoles/'
    cloud.start(console_proxy={'trusted_proxies': '127.0.0.0/8'})
    nginx(cloud.proxy_port)
    origin = f'https://127.0.0.1:{nginx.port}'
    url = cloud.url()
    assert url.startswith(cloud.public_url)
    with pytest.raises(InvalidStatus) as caught:
        connect(url, ssl=nginx.context, origin='https://evil.example')
    assert caught.value.response.status_code == 403
    with connect(url, ssl=nginx.context, origin=origin) as console:
        read_until(console, b'login: ')
        echo(console, b'ada')
