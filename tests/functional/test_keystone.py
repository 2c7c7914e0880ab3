# SPDX-License-Identifier: Apache-2.0
"""The keystone pipeline: keystonemiddleware with an identity server of the test."""

from __future__ import annotations

import datetime
import http.server
import json
import threading

import pytest

from tests.parts.api_client import TOKENS, Client
from tests.parts.deployment import PROJECT_A, PROJECT_B

VALID = 'a' * 32
OTHER = 'b' * 32
SERVICE = 's' * 32

PROJECTS = {VALID: PROJECT_A, OTHER: PROJECT_B}


class Identity(http.server.BaseHTTPRequestHandler):
    """The part of keystone's v3 API that validates tokens."""

    def log_message(self, *args):
        pass

    def _send(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace('_', '-'), value)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if not self.path.startswith('/v3/auth/tokens'):
            link = f'http://{self.headers["Host"]}/v3/'
            version = {'id': 'v3.14', 'status': 'stable'}
            version['links'] = [{'rel': 'self', 'href': link}]
            if self.path.startswith('/v3'):
                self._send(200, {'version': version})
            else:
                self._send(300, {'versions': {'values': [version]}})
            return
        token = self.headers['X-Subject-Token']
        if token in PROJECTS:
            self._send(200, {'token': self._token(PROJECTS[token])})
        else:
            self._send(404, {'error': {'code': 404, 'message': 'no', 'title': 'no'}})

    def do_POST(self):
        self.rfile.read(int(self.headers['Content-Length']))
        body = {'token': self._token(PROJECT_A)}
        self._send(201, body, X_Subject_Token=SERVICE)

    def _token(self, project_id):
        now = datetime.datetime.now(datetime.UTC)
        later = now + datetime.timedelta(hours=1)
        domain = {'id': 'default', 'name': 'Default'}
        return {
            'methods': ['password'],
            'user': {'id': 'alice', 'name': 'alice', 'domain': domain},
            'project': {'id': project_id, 'name': 'p', 'domain': domain},
            'roles': [{'id': 'r', 'name': 'member'}],
            'issued_at': now.strftime('%Y-%m-%dT%H:%M:%S.%fZ'),
            'expires_at': later.strftime('%Y-%m-%dT%H:%M:%S.%fZ'),
            'catalog': [self._identity_service()],
        }

    def _identity_service(self):
        endpoint = {'region_id': 'one', 'url': f'http://{self.headers["Host"]}/v3'}
        return {
            'type': 'identity',
            'name': 'keystone',
            'endpoints': [
                {**endpoint, 'id': interface, 'interface': interface}
                for interface in ('public', 'internal', 'admin')
            ],
        }


@pytest.fixture
def identity_url():
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Identity)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f'http://127.0.0.1:{server.server_port}'
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def client(deployment, agent, identity_url, monkeypatch):
    deployment.configure(
        api={'auth_strategy': 'keystone'},
        keystone_authtoken={
            'auth_type': 'password',
            'auth_url': identity_url,
            'www_authenticate_uri': identity_url,
            'username': 'console',
            'password': 'secret',
            'project_name': 'service',
            'user_domain_name': 'Default',
            'project_domain_name': 'Default',
            'service_token_roles_required': True,
        },
    )
    agent()
    monkeypatch.setitem(TOKENS, 'valid', VALID)
    monkeypatch.setitem(TOKENS, 'other', OTHER)
    monkeypatch.setitem(TOKENS, 'invalid', 'c' * 32)
    with Client.of(deployment) as client:
        yield client


def test_identity_is_the_tokens(client):
    """The token's project and roles decide; invalid tokens are refused."""
    assert client.console(by='valid').status_int == 200
    assert client.console(by='other').status_int == 404
    for by in ('invalid', 'nobody'):
        response = client.console(by=by)
        assert response.status_int == 401
        assert 'WWW-Authenticate' in response.headers


def test_client_cannot_claim_an_identity(client):
    """A client's identity headers are ignored."""
    response = client.request(
        'GET',
        '/v2.1/servers',
        by='nobody',
        headers={'X-User-Id': 'alice', 'X-Identity-Status': 'Confirmed'},
    )
    assert response.status_int == 401


def test_versions_need_no_token(client):
    """Version discovery needs no authentication."""
    for path in ('/', '/v2.1', '/v2.1/', f'/v2.1/{PROJECT_A}', '/healthcheck'):
        assert client.request('GET', path, by='nobody').status_int == 200
