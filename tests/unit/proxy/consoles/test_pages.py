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
    """spice-html5 with the layout of Debian's package, or of its source."""
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
    """Our files, the modules they need, and the health check; nothing else."""
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


def policy(page):
    return dict(page.headers)['Content-Security-Policy']


@pytest.fixture(params=['SPICE', 'VNC'])
def console(request, web, novnc):
    """The table of a listener with a page, the page, and its script."""
    if request.param == 'SPICE':
        table = pages.spice(web, ORIGINS)
        return table, table['/spice_auto.html'], table['/console.js']
    table = pages.vnc(novnc, ORIGINS)
    return table, table['/vnc_lite.html'], table['/vnc.js']


def test_the_dashboard_may_frame_the_page(console):
    """Allowed origins may show the page in a frame."""
    _, page, _ = console
    ancestors = policy(page).rpartition('frame-ancestors ')[2]
    assert ancestors == 'https://console:443 https://dashboard:443 https://horizon:*'


def test_cve_2026_40212_nothing_of_a_guest_becomes_html(console):
    """The page creates no HTML from text, and its policy forbids scripts in it."""
    _, page, script = console
    markup = r'innerHTML|outerHTML|insertAdjacent|document\.write'
    assert not re.search(markup, script.body.decode())
    assert not re.search(rb'<script(?![^>]*src=)|\son\w+=|style=', page.body)
    assert 'unsafe' not in policy(page)


def test_what_a_page_names_is_in_the_table(console):
    """The table has all scripts and styles of a page, and what they import."""
    table, page, script = console
    named = re.findall(r'(?:src|href)="([\w./-]+)"', page.body.decode())
    named += re.findall(r"from '\./([\w./-]+)'", script.body.decode())
    assert len(named) >= 4
    assert {f'/{name}' for name in named} <= set(table)


@pytest.fixture
def novnc(tmp_path):
    """noVNC with the layout of its packages."""
    directory = tmp_path / 'novnc'
    for name, text in {
        'core/rfb.js': "import * as A from './util/log.js';\nimport B from './ws.js';",
        'core/util/log.js': "export {} from '../../vendor/pako/lib/inflate.js';",
        'core/ws.js': "import a from '../../secret.js'; import '../no.js';",
        'vendor/pako/lib/inflate.js': 'import c from "../utils/crc.js";',
        'vendor/pako/utils/crc.js': "import d from '../../../../../etc/passwd.js';",
        'secret.js': '//',
        'vnc_lite.html': 'a page of others',
    }.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / 'secret.js').write_text('//')
    return directory


def test_the_table_of_vnc(novnc):
    """Modules may import from parent directories within the package."""
    table = pages.vnc(novnc, ORIGINS)
    assert sorted(table) == [
        '/console.css',
        '/healthcheck',
        '/novnc/core/rfb.js',
        '/novnc/core/util/log.js',
        '/novnc/core/ws.js',
        '/novnc/vendor/pako/lib/inflate.js',
        '/novnc/vendor/pako/utils/crc.js',
        '/vnc.css',
        '/vnc.html',
        '/vnc.js',
        '/vnc_auto.html',
        '/vnc_lite.html',
    ]
    assert len({table[name] for name in pages.VNC}) == 1
    assert policy(table['/vnc.html']).startswith(
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; require-trusted-types-for 'script'; "
    )


def test_what_tempest_looks_for(novnc):
    """Text in the page of VNC consoles that tempest checks."""
    page = pages.vnc(novnc, ORIGINS)['/vnc_auto.html'].body.decode()
    for mark in ('<html', '</html>', 'noVNC', '<script'):
        assert mark in page


@pytest.mark.parametrize('missing', ['core/rfb.js', 'vendor/pako/utils/crc.js'])
def test_novnc_is_not_there(novnc, caplog, missing):
    """Without noVNC, the page is replaced by an error message."""
    (novnc / missing).unlink()
    table = pages.vnc(novnc, ORIGINS)
    assert sorted(table) == ['/healthcheck', *sorted(pages.VNC)]
    for name in pages.VNC:
        assert table[name].status == 503
        assert table[name].body.startswith(b'noVNC is not installed on this proxy.')
    assert f'noVNC is not in {novnc}' in caplog.text


def test_a_module_that_is_missing(web):
    """If a module is missing, the page is replaced by an error message."""
    next(web.rglob('jsbn.js')).unlink()
    table = pages.spice(web, ORIGINS)
    assert sorted(table) == ['/healthcheck', '/spice_auto.html']
    assert table['/spice_auto.html'].status == 503
