# SPDX-License-Identifier: Apache-2.0
"""The pages of consoles with a screen."""

from __future__ import annotations

import re

import pytest

from console_ext.proxy.consoles import spice, vnc

POLICY = "default-src 'none'"


@pytest.fixture(params=[spice.PAGE, vnc.PAGE], ids=['SPICE', 'VNC'])
def page(request):
    return request.param


@pytest.fixture
def modules(page, tmp_path):
    """A bundle of the page's library."""
    made = tmp_path / page.library.module
    made.write_text('export const library = 1;')
    return {f'{page.library.folder}/{page.library.module}': made}


@pytest.fixture
def table(page, modules):
    return page.table(modules, POLICY)


def document(page, table):
    return table[next(iter(page.paths))]


def test_the_whole_table(page, modules, table):
    """The page under all its names, the health check, and modules below one path."""
    (root,) = {'/'.join(name.split('/')[:3]) for name in table if '/web/' in name}
    assert {name for name in table if not name.startswith(root)} == {
        '/healthcheck',
        *page.paths,
    }
    assert len({table[name] for name in page.paths}) == 1
    (name,) = modules
    assert table[f'{root}/{name}'].body == modules[name].read_bytes()
    assert f'{root}/assets/xterm/lib/xterm.mjs' not in table


def test_headers(page, table):
    headers = dict(document(page, table).headers)
    assert headers['Content-Security-Policy'] == POLICY
    assert headers['Vary'] == 'Accept-Encoding'


def test_everything_is_loaded_at_once(page, modules, table):
    """The page names each module that one of its modules imports."""
    body = document(page, table).body.decode()
    named = re.findall(r'(?:src|href)="([\w./-]+)"', body)
    assert {f'/{name}' for name in named} <= set(table)
    root = named[0].rpartition('/')[0]
    imported = {name for name in named if name.endswith('.js')}
    for name in imported:
        for one in re.findall(r"from '\./([\w./-]+)'", table[f'/{name}'].body.decode()):
            assert f'{root}/{one}' in imported, name
    assert f'{root}/{next(iter(modules))}' in imported


def test_cve_2026_40212_nothing_of_a_guest_becomes_html(page, table):
    """No module creates HTML from text, and the page has no script of its own."""
    markup = rb'innerHTML|outerHTML|insertAdjacentHTML|document\.write'
    for name, one in table.items():
        assert not re.search(markup, one.body), name
    body = document(page, table).body
    assert not re.search(rb'<script(?![^>]*src=)|\son\w+=|style=', body)


def test_what_tempest_looks_for(tmp_path):
    """Text in the page of VNC consoles that tempest checks."""
    module = tmp_path / 'rfb.js'
    module.touch()
    table = vnc.PAGE.table({'novnc/rfb.js': module}, POLICY)
    body = table['/vnc_auto.html'].body.decode()
    for mark in ('<html', '</html>', 'noVNC', '<script'):
        assert mark in body


def test_a_library_that_is_missing(page):
    """The page is replaced by a message."""
    table = page.table(None, POLICY)
    assert set(table) == {'/healthcheck', *page.paths}
    for name in page.paths:
        assert table[name].status == 503
        sentence = f'{page.library.name} is not installed on this proxy.'
        assert table[name].body.startswith(sentence.encode())
