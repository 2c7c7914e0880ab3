# SPDX-License-Identifier: Apache-2.0
"""The listener of VNC consoles, and their page."""

from __future__ import annotations

from urllib import parse

import pytest
from websockets.datastructures import Headers

from console_ext import access_url
from console_ext.consoles import NOVNC
from console_ext.proxy.admission import request as requests
from console_ext.proxy.admission import rules
from console_ext.proxy.admission.rules import Refused
from console_ext.proxy.consoles import assets, vnc
from console_ext.proxy.networks import Networks
from tests.unit.proxy.consoles.conftest import copy_pages

PAGES = ['vnc_lite.html', 'vnc_auto.html', 'vnc.html']


def ask(listener, target, *cookies):
    headers = Headers([('Cookie', cookie) for cookie in cookies])
    request = requests.console_request(target, headers, '10.0.0.1', Networks([], ''))
    return rules.session_request(
        request, listener.cookie_paths, listener.origins, rejoins=False
    )


@pytest.fixture
def listener(deployment, tmp_path):
    """A function that creates the listener of a base URL."""

    def listener(base_url='http://127.0.0.1:6080/vnc_auto.html', **options):
        options = {'novncproxy_base_url': base_url, **options}
        deployment.configure(vnc={'novncproxy_web': tmp_path, **options})
        return vnc.listener(deployment.conf())

    return listener


@pytest.mark.parametrize('path', ['/', '/websockify', *(f'/{name}' for name in PAGES)])
def test_paths(listener, path):
    """All paths at which versions of noVNC open a WebSocket, also below a prefix."""
    made = listener('https://a.example/novnc/vnc_lite.html')
    for prefix in ('', '/novnc'):
        assert ask(made, f'{prefix}{path}?token=a').token == 'a'
    for other in (f'/other{path}', f'{path}/x', '/core/rfb.js'):
        with pytest.raises(Refused) as caught:
            ask(made, f'{other}?token=a')
        assert caught.value.refusal is rules.NOT_FOUND


@pytest.mark.parametrize('path', ['/', '/websockify', '/vnc_lite.html'])
def test_no_cookie(listener, path):
    """All consoles in a browser would share a cookie."""
    with pytest.raises(Refused) as caught:
        ask(listener(), path, 'token=a', 'path=%3Ftoken%3Da')
    assert caught.value.refusal.status == 401
    assert ask(listener(), f'{path}?token=b', 'token=a').token == 'b'


@pytest.mark.parametrize('name', PAGES)
def test_the_url_of_a_console(listener, name):
    """The URL of the page also opens the console."""
    url = access_url.build(f'https://a.example/x/{name}', NOVNC, 'a')
    made = listener(f'https://a.example/x/{name}')
    parts = parse.urlsplit(url)
    assert parts.path in made.pages
    assert ask(made, f'{parts.path}?{parts.query}').token == 'a'


def test_properties(listener):
    """Only binary frames, and refusals without text."""
    made = listener()
    assert (made.name, made.console_type) == ('VNC', 'novnc')
    assert (made.text, made.refusals_have_text) == (False, False)


def test_policy(deployment, tmp_path):
    """The page needs nothing that is not in the strict policy."""
    module = tmp_path / 'core' / 'rfb.js'
    module.parent.mkdir()
    module.touch()
    deployment.configure(vnc={'novncproxy_web': tmp_path})
    page = vnc.listener(deployment.conf()).pages['/vnc.html']
    assert dict(page.headers)['Content-Security-Policy'].startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; require-trusted-types-for 'script'; base-uri 'none'; "
    )


@pytest.mark.parametrize('path', ['', '/', '/novnc', '/spice_auto.html', '/vnc.html/'])
def test_url_without_the_page(listener, caplog, path):
    """A warning at the start: the proxy serves no page at this path."""
    listener(f'https://a.example{path}')
    said = [one for one in caplog.messages if 'novncproxy_base_url' in one]
    assert len(said) == 1
    assert '/vnc_lite.html' in said[0]
    caplog.clear()
    for name in PAGES:
        listener(f'https://a.example/below/{name}?resize=scale')
    assert 'novncproxy_base_url' not in caplog.text


def test_directory_of_novnc(deployment, monkeypatch, tmp_path):
    """The configured directory, else the fetched copy, else the distribution's."""

    def has_page():
        page = vnc.listener(deployment.conf()).pages['/vnc_lite.html']
        return page.status == 200

    copy_pages(tmp_path / 'web')
    monkeypatch.setattr(assets, 'directory', lambda: tmp_path / 'web')
    monkeypatch.setattr(vnc, 'DISTRIBUTION', tmp_path / 'distribution')
    assert not has_page()
    bundle = 'web/assets/novnc/rfb.js'
    for name in ('distribution/core/rfb.js', bundle, 'configured/core/rfb.js'):
        module = tmp_path / name
        module.parent.mkdir(parents=True)
        module.write_text('//')
    assert has_page()
    (tmp_path / 'distribution' / 'core' / 'rfb.js').unlink()
    assert not has_page()
    (tmp_path / 'web' / 'assets' / 'STAMP').touch()
    assert has_page()
    deployment.configure(vnc={'novncproxy_web': tmp_path / 'distribution'})
    assert not has_page()
    deployment.configure(vnc={'novncproxy_web': tmp_path / 'configured'})
    assert has_page()
