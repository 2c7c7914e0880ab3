# SPDX-License-Identifier: Apache-2.0
"""Filters of oslo.middleware with our configuration."""

import pytest

from console_ext.standalone.middleware import oslo
from console_ext.wsgi.responses import json_response
from tests.parts.wsgi_client import ask


def behind(environ, start_response):
    """Answers with the parts of the environ that the filters changed."""
    seen = {
        name: environ.get(name)
        for name in (
            'wsgi.url_scheme',
            'HTTP_HOST',
        )
    }
    return json_response(200, seen)(environ, start_response)


@pytest.fixture
def filtered(deployment):
    """An application behind one of the filters, with these options."""

    def filtered(factory, **groups):
        deployment.configure(**groups)
        return factory({}, config_files=str(deployment.config_file))(behind)

    return filtered


def test_healthcheck(filtered):
    """Only at its own path."""
    application = filtered(oslo.healthcheck)
    response = ask(application, '/healthcheck')
    assert (response.status_int, response.body) == (200, b'')
    assert 'HTTP_HOST' in ask(application, '/healthcheck/').json
    assert 'HTTP_HOST' in ask(application, '/').json


def test_healthcheck_can_be_disabled(filtered, tmp_path):
    """Our configuration applies, not the global one."""
    (tmp_path / 'off').touch()
    application = filtered(
        oslo.healthcheck,
        healthcheck={
            'backends': 'disable_by_file',
            'disable_by_file_path': tmp_path / 'off',
        },
    )
    assert ask(application, '/healthcheck').status_int == 503


PROXIED = {'X-Forwarded-Proto': 'https', 'X-Forwarded-Host': 'api.example'}


@pytest.mark.parametrize(
    ('believed', 'scheme', 'host'),
    [(False, 'http', 'localhost:80'), (True, 'https', 'api.example')],
)
def test_proxies(filtered, believed, scheme, host):
    """Headers of proxies are only used if configured."""
    application = filtered(
        oslo.http_proxy_to_wsgi,
        oslo_middleware={'enable_proxy_headers_parsing': believed},
    )
    seen = ask(application, '/', headers=PROXIED).json
    assert (seen['wsgi.url_scheme'], seen['HTTP_HOST']) == (scheme, host)


def test_preflight(filtered):
    """It is answered for allowed origins, whatever the application answers."""
    application = filtered(oslo.cors, cors={'allowed_origin': 'http://good.example'})
    headers = {
        'Origin': 'http://good.example',
        'Access-Control-Request-Method': 'POST',
    }
    response = ask(application, '/', method='OPTIONS', headers=headers)
    assert response.status_int == 200
    assert response.headers['Access-Control-Allow-Origin'] == 'http://good.example'


@pytest.mark.parametrize(
    ('origin', 'allowed'), [('http://good.example', True), ('http://evil.example', 0)]
)
def test_cors(filtered, origin, allowed):
    """Only configured origins are allowed."""
    application = filtered(oslo.cors, cors={'allowed_origin': 'http://good.example'})
    headers = ask(application, '/', headers={'Origin': origin}).headers
    expected = origin if allowed else None
    assert headers.get('Access-Control-Allow-Origin') == expected
