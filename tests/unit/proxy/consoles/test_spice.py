# SPDX-License-Identifier: Apache-2.0
"""The listener of SPICE consoles, and their page."""

from __future__ import annotations

import pytest

from console_ext.proxy.consoles import assets, spice
from tests.unit.proxy.consoles.conftest import copy_pages


@pytest.mark.parametrize('path', ['', '/', '/spice', '/spice/', '/spice_auto.html/'])
def test_url_without_the_page(deployment, caplog, path):
    """A warning at the start: the proxy serves no page at this path."""
    base_url = f'https://a.example{path}'
    deployment.configure(spice={'html5proxy_base_url': base_url})
    spice.listener(deployment.conf())
    said = [one for one in caplog.messages if 'html5proxy_base_url' in one]
    assert len(said) == 1
    assert '/spice_auto.html' in said[0]
    caplog.clear()
    base_url = 'https://a.example/below/spice_auto.html?x=y'
    deployment.configure(spice={'html5proxy_base_url': base_url})
    spice.listener(deployment.conf())
    assert 'html5proxy_base_url' not in caplog.text


def served(conf) -> bool:
    page = spice.listener(conf).pages['/spice_auto.html']
    return page.status == 200


def test_directory_of_spice_html5(deployment, monkeypatch, tmp_path):
    """The configured directory, otherwise the distribution's, otherwise ours."""
    web = tmp_path / 'web'
    copy_pages(web)
    monkeypatch.setattr(assets, 'directory', lambda: web)
    configured, distribution = tmp_path / 'configured', tmp_path / 'distribution'
    monkeypatch.setattr(spice, 'DISTRIBUTION', distribution)
    assert not served(deployment.conf())
    bundle = web / 'assets' / 'spice-html5' / 'spice.js'
    bundle.parent.mkdir(parents=True)
    bundle.touch()
    (web / 'assets' / 'STAMP').touch()
    assert served(deployment.conf())
    distribution.mkdir()
    assert not served(deployment.conf())
    (configured / 'src').mkdir(parents=True)
    for name in ('main.js', 'enums.js', 'spicemsg.js'):
        (configured / 'src' / name).touch()
    deployment.configure(spice={'html5proxy_web': configured})
    assert served(deployment.conf())
