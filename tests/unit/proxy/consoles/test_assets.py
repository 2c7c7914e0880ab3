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
        'page.html': '{title}, {library}{links}<script src="{web}/{script}"></script>',
        'page.js': "import { one } from './assets/one/lib/one.mjs';",
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


def load():
    """Our modules and those of a package."""
    return assets.load(assets.packages(['one']))


def test_the_table(web):
    """Our modules and the packages that the page needs, but no other files."""
    made = load()
    assert sorted(made.modules) == [
        f'/{made.root}/assets/one/lib/one.mjs',
        f'/{made.root}/page.css',
        f'/{made.root}/page.js',
    ]


def test_modules_are_kept_for_long(web):
    """Modules are cached for a year; their path changes with their content."""
    made = load()
    module = made.modules[f'/{made.root}/assets/one/lib/one.mjs']
    assert dict(module.headers) == {
        'Content-Type': 'text/javascript; charset=utf-8',
        'Cache-Control': 'public, max-age=31536000, immutable',
        'Vary': 'Accept-Encoding',
    }
    assert load().root == made.root
    (web / 'assets' / 'one' / 'lib' / 'one.mjs').write_text('export const one = 2;')
    assert load().root != made.root


def test_compressed(web):
    """The build has compressed a file, or it is compressed at the start."""
    (web / 'page.css.gz').write_bytes(b'made by the build')
    made = load()
    script = made.modules[f'/{made.root}/page.js']
    assert gzip.decompress(script.gzip) == script.body
    assert made.modules[f'/{made.root}/page.css'].gzip == b'made by the build'


@pytest.mark.parametrize('below', ['', 'serial/'])
def test_a_page_names_the_version(web, below):
    """The page refers to modules by relative paths, for reverse proxies.

    It names the style sheets, and all modules, so that a browser loads them at once.
    """
    made = load()
    page = made.page('A page', 'one', 'page.js', [('X', 'y')], below)
    root = f'{below}{made.root}'
    assert page.body.decode() == (
        f'A page, one<link rel="stylesheet" href="{root}/page.css">\n    '
        f'<link rel="modulepreload" href="{root}/assets/one/lib/one.mjs">'
        f'<script src="{root}/page.js"></script>'
    )
    assert page.headers == (
        ('Content-Type', 'text/html; charset=utf-8'),
        ('X', 'y'),
    )
    assert gzip.decompress(page.gzip) == page.body


def test_a_build_without_npm(web):
    """There is nothing to serve."""
    (web / 'assets' / 'STAMP').unlink()
    assert assets.packages(['one']) is None
    assert assets.fetched('one') is None


def test_modules_of_others(web, tmp_path_factory):
    """They are below the same path; what is compressed beside them is not ours."""
    directory = tmp_path_factory.mktemp('library')
    (directory / 'two.js').write_text('export const two = 2;')
    (directory / 'two.js.gz').write_bytes(b'of another version')
    made = assets.load({'two/two.js': directory / 'two.js'})
    module = made.modules[f'/{made.root}/two/two.js']
    assert module.body == b'export const two = 2;'
    assert gzip.decompress(module.gzip) == module.body
