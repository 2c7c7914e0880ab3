# SPDX-License-Identifier: Apache-2.0
"""Which modules a module imports."""

from __future__ import annotations

import pytest

from console_ext.proxy.consoles import imports


def reached(files, name='main.js'):
    return sorted(imports.reached(name, lambda name: files[name].encode()))


def test_what_is_followed():
    """Relative paths of modules, in each form of import, and each module once."""
    files = {
        'main.js': "import * as A from './a.js';\n"
        "import {\n  b,\n} from './lib/b.mjs';\n"
        "export { c } from './lib/../c.js';\n"
        "import d from 'https://evil.example/x.js';\n"
        "import 'x'; const text = await import('./later.js');\n",
        'a.js': 'import { x } from "./main.js";',
        'lib/b.mjs': "import { y } from '../c.js';",
        'c.js': '//',
        'later.js': '//',
    }
    assert reached(files) == ['a.js', 'c.js', 'lib/b.mjs', 'main.js']


@pytest.mark.parametrize('path', ['../secret.js', './lib/../../secret.js'])
def test_other_directories(path):
    """No path leads out of the directory."""
    assert reached({'main.js': f"import a from '{path}';"}) == ['main.js']


def test_a_module_that_is_missing():
    with pytest.raises(KeyError, match=r'gone\.js'):
        reached({'main.js': "import a from './gone.js';"})


def test_a_limit():
    """A package cannot make the proxy read without end."""
    files = {f'{n}.js': f"import a from './{n + 1}.js';" for n in range(300)}
    assert len(reached(files, '0.js')) == imports.MAX_MODULES
