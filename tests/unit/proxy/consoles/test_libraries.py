# SPDX-License-Identifier: Apache-2.0
"""The libraries that draw screens."""

from __future__ import annotations

import pytest

from console_ext.proxy.consoles import assets, libraries
from console_ext.proxy.consoles.libraries import NOVNC, SPICE_HTML5


@pytest.fixture(params=['', 'src'])
def spice(tmp_path, request):
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


def test_a_directory_of_spice_html5(spice):
    """Our module, those it imports from the directory, and nothing else."""
    found = libraries.modules(SPICE_HTML5, spice)
    assert sorted(found) == [
        'spice-html5/enums.js',
        'spice-html5/main.js',
        'spice-html5/spice.js',
        'spice-html5/spicemsg.js',
        'spice-html5/thirdparty/jsbn.js',
        'spice-html5/thirdparty/rsa.js',
        'spice-html5/ticket.js',
    ]
    ours = found.pop('spice-html5/spice.js')
    assert ours.is_relative_to(assets.directory())
    assert all(path.is_relative_to(spice) for path in found.values())


def test_a_directory_of_novnc(novnc):
    """Modules may import from parent directories within the package."""
    assert sorted(libraries.modules(NOVNC, novnc)) == [
        'novnc/core/rfb.js',
        'novnc/core/util/log.js',
        'novnc/core/ws.js',
        'novnc/rfb.js',
        'novnc/vendor/pako/lib/inflate.js',
        'novnc/vendor/pako/utils/crc.js',
    ]


@pytest.mark.parametrize('missing', ['core/rfb.js', 'vendor/pako/utils/crc.js'])
def test_a_module_that_is_missing(novnc, caplog, missing):
    """The log names the option, the directory and the module."""
    (novnc / missing).unlink()
    assert libraries.modules(NOVNC, novnc) is None
    assert f'[vnc] novncproxy_web: noVNC is not in {novnc}' in caplog.text
    assert f'{novnc / missing}: No such file' in caplog.text


def test_a_module_that_is_too_long(novnc, caplog):
    module = novnc / 'core' / 'ws.js'
    module.write_bytes(bytes(libraries.MAX_MODULE_BYTES + 1))
    assert libraries.modules(NOVNC, novnc) is None
    assert f'{module}: File too large' in caplog.text


@pytest.mark.parametrize('library', [NOVNC, SPICE_HTML5])
def test_a_bundle(library, tmp_path, monkeypatch):
    """It stands at the path of our module."""
    monkeypatch.setattr(assets, 'directory', lambda: tmp_path)
    assert libraries.bundle(library) is None
    made = tmp_path / 'assets' / library.folder / library.module
    made.parent.mkdir(parents=True)
    (tmp_path / 'assets' / 'STAMP').touch()
    assert libraries.bundle(library) is None
    made.touch()
    name = f'{library.folder}/{library.module}'
    assert libraries.bundle(library) == {name: made}
