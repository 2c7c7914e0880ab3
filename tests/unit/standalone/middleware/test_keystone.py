# SPDX-License-Identifier: Apache-2.0
"""Authentication with keystone, tested without a keystone."""

import socket
import sys

import pytest

from console_ext import exceptions
from console_ext.standalone.middleware import keystone
from console_ext.wsgi.responses import json_response
from tests.parts.wsgi_client import ask

OPTIONS = {
    'auth_url': 'http://keystone.invalid/',
    'www_authenticate_uri': 'http://keystone.example/',
    'auth_type': 'password',
    'username': 'nova',
    'password': 'x',
    'project_name': 'service',
}


def factory(deployment):
    return keystone.filter_factory({}, config_files=str(deployment.config_file))


def test_request_without_a_token(deployment):
    """It is refused immediately, with the URL of keystone."""
    deployment.configure(keystone_authtoken=OPTIONS)
    application = factory(deployment)(json_response(200, {}))
    response = ask(application, '/', headers={'X-User-Id': 'forged'})
    assert response.status_int == 401
    assert response.headers['WWW-Authenticate'] == (
        'Keystone uri="http://keystone.example/"'
    )


@pytest.mark.parametrize(
    ('default_s', 'options'), [(1, {}), (600, {'http_connect_timeout': 1})]
)
def test_keystone_that_does_not_answer(deployment, monkeypatch, default_s, options):
    """No request waits for it without end."""
    monkeypatch.setattr(keystone, '_TIMEOUT_S', default_s)
    with socket.create_server(('127.0.0.1', 0)) as silent:
        url = f'http://127.0.0.1:{silent.getsockname()[1]}'
        deployment.configure(
            keystone_authtoken={
                **OPTIONS,
                'auth_url': url,
                'http_request_max_retries': 0,
                **options,
            }
        )
        application = factory(deployment)(json_response(200, {}))
        response = ask(application, '/', headers={'X-Auth-Token': 'x'})
    assert response.status_int == 503


def test_extra_that_is_not_installed(deployment, monkeypatch):
    """The error names the extra to install."""
    monkeypatch.setitem(sys.modules, 'keystonemiddleware', None)
    with pytest.raises(exceptions.ConfigurationError, match=r'console-ext\[keystone\]'):
        factory(deployment)
