# SPDX-License-Identifier: Apache-2.0
"""The table of pages."""

from __future__ import annotations

import re

import pytest

from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.consoles import pages

ORIGINS = AllowedOrigins('https://console/', ['https://dashboard', 'horizon'])


@pytest.fixture(params=['', 'src'])
def web(tmp_path, request):
    """spice-html5, as Debian's package has it and as its source has it."""
    directory = tmp_path / request.param
    (directory / 'thirdparty').mkdir(parents=True)
    (directory / 'main.js').write_text(
        "import * as A from './spicemsg.js';\nimport {\n  b,\n} from './ticket.js';\n"
        "import c from '../secret.js';\nimport d from 'https://evil.example/x.js';\n"
    )
    (directory / 'enums.js').write_text('//')
    (directory / 'spicemsg.js').write_text('import { x } from "./main.js";')
    (directory / 'ticket.js').write_text("import { y } from './thirdparty/rsa.js';")
    (directory / 'thirdparty' / 'rsa.js').write_text("import { z } from './jsbn.js';")
    (directory / 'thirdparty' / 'jsbn.js').write_text('//')
    (directory / 'unused.js').write_text('//')
    return tmp_path


def test_the_whole_table(web):
    """Ours, the modules it needs, the healthcheck, and nothing more."""
    assert sorted(pages.spice(web, ORIGINS)) == [
        '/console.css',
        '/console.js',
        '/healthcheck',
        '/spice-html5/enums.js',
        '/spice-html5/main.js',
        '/spice-html5/spicemsg.js',
        '/spice-html5/thirdparty/jsbn.js',
        '/spice-html5/thirdparty/rsa.js',
        '/spice-html5/ticket.js',
        '/spice_auto.html',
    ]


def test_the_dashboard_may_frame_the_page(web):
    """Whoever may open consoles may show them."""
    headers = dict(pages.spice(web, ORIGINS)['/spice_auto.html'].headers)
    ancestors = headers['Content-Security-Policy'].rpartition('frame-ancestors ')[2]
    assert ancestors == 'https://console:443 https://dashboard:443 https://horizon:*'


def test_cve_2026_40212_nothing_of_a_guest_becomes_html(web):
    """No markup is made of text, and the policy would not run it."""
    table = pages.spice(web, ORIGINS)
    script = table['/console.js'].body.decode()
    assert not re.search(r'innerHTML|outerHTML|insertAdjacent|document\.write', script)
    page = table['/spice_auto.html']
    assert not re.search(rb'<script(?![^>]*src=)|\son\w+=|style=', page.body)
    assert 'unsafe' not in dict(page.headers)['Content-Security-Policy']


def test_a_module_that_is_missing(web):
    """A page that cannot work is not served; why is said in its place."""
    next(web.rglob('jsbn.js')).unlink()
    table = pages.spice(web, ORIGINS)
    assert sorted(table) == ['/healthcheck', '/spice_auto.html']
    assert table['/spice_auto.html'].status == 503
