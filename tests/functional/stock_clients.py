# SPDX-License-Identifier: Apache-2.0
"""Stock clients of OpenStack, as their users run them.

Each is given an endpoint, and a token that says itself who is asking.
"""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
from typing import Any
from urllib import parse

import requests
from keystoneauth1 import session as keystone_session
from keystoneauth1 import token_endpoint
from novaclient import client as nova_client
from openstack import connection

from tests.parts.programs import BIN

TIMEOUT_S = 100

# Skyline's version for every request to Nova.
SKYLINE_VERSION = '2.53'

# The bytes that gophercloud 2 sends.
_GOPHERCLOUD = (
    'POST {path}/servers/{server}/remote-consoles HTTP/1.1\r\n'
    'Host: {host}\r\n'
    'User-Agent: gophercloud/v2.8.0\r\n'
    'Content-Length: {length}\r\n'
    'Accept: application/json\r\n'
    'Content-Type: application/json\r\n'
    'Openstack-Api-Version: compute {version}\r\n'
    'X-Auth-Token: {token}\r\n'
    'X-Openstack-Nova-Api-Version: {version}\r\n'
    'Accept-Encoding: gzip\r\n'
    '\r\n'
    '{body}'
)


def openstack(
    endpoint: str, token: str, *command: str
) -> subprocess.CompletedProcess[str]:
    """Run OpenStackClient to its end."""
    return subprocess.run(
        [
            *(str(BIN / 'openstack'), '--os-endpoint', endpoint),
            *('--os-auth-type', 'admin_token', '--os-token', token),
            *command,
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )


def openstack_console(
    endpoint: str, token: str, server: str, option: str, version: str | None = None
) -> dict[str, Any]:
    """What ``openstack console url show`` prints.

    :param option: the one for a type, such as --serial
    :param version: None for the client's default
    """
    at = () if version is None else ('--os-compute-api-version', version)
    show = ('console', 'url', 'show', '-f', 'json', option, server)
    done = openstack(endpoint, token, *at, *show)
    assert done.returncode == 0, done.stderr
    console: dict[str, Any] = json.loads(done.stdout)
    return console


def sdk(endpoint: str, token: str, **options: Any) -> connection.Connection:
    return connection.Connection(
        auth_type='admin_token',
        auth={'endpoint': endpoint, 'token': token},
        compute_endpoint_override=endpoint,
        **options,
    )


def novaclient(endpoint: str, token: str, version: str) -> Any:
    auth = token_endpoint.Token(endpoint, token)
    return nova_client.Client(version, session=keystone_session.Session(auth))


def horizon(endpoint: str, token: str, server: str) -> tuple[str, str] | None:
    """The first console that Horizon gets, by its own name of the type; None for none.

    One type after the other is asked for, and whatever goes wrong is passed over
    (openstack_dashboard/dashboards/project/instances/console.py).
    """
    for name, version, method, *console_type in (
        ('VNC', '2', 'get_vnc_console', 'novnc'),
        ('SPICE', '2', 'get_spice_console', 'spice-html5'),
        ('RDP', '2', 'get_rdp_console', 'rdp-html5'),
        ('SERIAL', '2', 'get_serial_console', 'serial'),
        ('MKS', SKYLINE_VERSION, 'get_mks_console'),
    ):
        servers = novaclient(endpoint, token, version).servers
        try:
            (console,) = getattr(servers, method)(server, *console_type).values()
        except Exception:
            continue
        return name, console['url']
    return None


def skyline(
    endpoint: str, token: str, server: str, protocol: str, console_type: str
) -> requests.Response:
    """Request a console with the headers of Skyline's page."""
    return requests.post(
        f'{endpoint}/servers/{server}/remote-consoles',
        json={'remote_console': {'protocol': protocol, 'type': console_type}},
        headers={
            'Accept': 'application/json, text/plain, */*',
            'Content-Type': 'application/json;charset=utf-8',
            'Openstack-Api-Version': f'compute {SKYLINE_VERSION}',
            'X-Auth-Token': token,
            'X-Openstack-Request-Id': 'req-6a3c1a4e-5d1b-4b0e-9d3f-6c1e2f7a8b90',
            'Cache-Control': 'no-cache',
            'Pragma': 'no-cache',
        },
        timeout=TIMEOUT_S,
    )


def gophercloud(
    endpoint: str,
    token: str,
    server: str,
    version: str,
    protocol: str,
    console_type: str,
) -> tuple[int, dict[str, Any]]:
    """Replay gophercloud's request, byte by byte; status and body of the answer.

    It takes 200, and no other status, for a success.
    """
    url = parse.urlsplit(endpoint)
    pair = {'protocol': protocol, 'type': console_type}
    body = json.dumps({'remote_console': pair}, separators=(',', ':'))
    request = _GOPHERCLOUD.format(
        path=url.path,
        server=server,
        host=url.netloc,
        length=len(body),
        version=version,
        token=token,
        body=body,
    )
    address = (url.hostname, url.port)
    with socket.create_connection(address, timeout=TIMEOUT_S) as peer:
        peer.sendall(request.encode())
        response = http.client.HTTPResponse(peer)
        response.begin()
        return response.status, json.loads(response.read())
