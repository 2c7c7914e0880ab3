# SPDX-License-Identifier: Apache-2.0
"""The listener of SPICE consoles, and their page."""

from __future__ import annotations

import pytest

from console_ext.proxy.consoles import spice


@pytest.mark.parametrize('path', ['', '/', '/spice', '/spice/', '/spice_auto.html/'])
def test_url_without_the_page(deployment, caplog, path):
    """It is said at the start: the proxy has no other page of a SPICE console."""
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
