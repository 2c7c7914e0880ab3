# SPDX-License-Identifier: Apache-2.0
"""The files that our pages load."""

from __future__ import annotations

import gzip

import pytest

from console_ext.proxy.consoles import assets


@pytest.fixture
def web(tmp_path, monkeypatch):
    """A directory of pages after a build."""
    files = {
        'page.html': '<script src="{web}/page.js"></script>',
        'page.js': "import './assets/one/lib/one.mjs';",
        'page.css': 'body {}',
        'assets/one/lib/one.mjs': 'export const one = 1;',
        'assets/one/LICENSE': 'a licence',
        'assets/two/two.js': '//',
        'assets/STAMP': 'a lock',
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(assets, 'directory', lambda: tmp_path)
    return tmp_path


def test_the_table(web):
    """Our modules and the packages that the page needs, but no other files."""
    made = assets.load(['one'])
    assert sorted(made.modules) == [
        f'/{made.root}/assets/one/lib/one.mjs',
        f'/{made.root}/page.css',
        f'/{made.root}/page.js',
    ]


def test_modules_are_kept_for_long(web):
    """Modules are cached for a year; their path changes with their content."""
    made = assets.load(['one'])
    module = made.modules[f'/{made.root}/assets/one/lib/one.mjs']
    assert dict(module.headers) == {
        'Content-Type': 'text/javascript; charset=utf-8',
        'Cache-Control': 'public, max-age=31536000, immutable',
        'Vary': 'Accept-Encoding',
    }
    assert assets.load(['one']).root == made.root
    (web / 'assets' / 'one' / 'lib' / 'one.mjs').write_text('export const one = 2;')
    assert assets.load(['one']).root != made.root


def test_compressed(web):
    """The build has compressed a file, or it is compressed at the start."""
    (web / 'page.css.gz').write_bytes(b'made by the build')
    made = assets.load(['one'])
    script = made.modules[f'/{made.root}/page.js']
    assert gzip.decompress(script.gzip) == script.body
    assert made.modules[f'/{made.root}/page.css'].gzip == b'made by the build'


@pytest.mark.parametrize('below', ['', 'serial/'])
def test_a_page_names_the_version(web, below):
    """The page refers to modules by relative paths, for reverse proxies."""
    made = assets.load(['one'])
    page = made.page('page.html', [('X', 'y')], below)
    assert page.body.decode() == f'<script src="{below}{made.root}/page.js"></script>'
    assert page.headers == (
        ('Content-Type', 'text/html; charset=utf-8'),
        ('X', 'y'),
    )
    assert gzip.decompress(page.gzip) == page.body


def test_a_build_without_npm(web):
    """There is nothing to serve."""
    (web / 'assets' / 'STAMP').unlink()
    assert assets.load(['one']) is None
