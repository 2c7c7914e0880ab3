# SPDX-License-Identifier: Apache-2.0
"""Allowed imports, and other rules for all modules."""

import ast
import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / 'console_ext'
TESTS = ROOT / 'tests' / 'unit'
PAGES = PACKAGE / 'proxy' / 'web'
GUIDE = ROOT / 'doc' / 'source' / 'contributor' / 'architecture.rst'

# The ground floor: every part may import these, and they only import each other.
GROUND = {
    'access_url',
    'consoles',
    'exceptions',
    'executor',
    'lanes',
    'open_files',
    'printable',
    'signals',
    'throttle',
    'watch',
}

# The table of the contributor guide; its first rows are the ground floor.
MAY_IMPORT = {
    'client': set(),
    'conf': set(),
    'plugin': set(),
    'demo': set(),
    'start': set(),
    'policy': {'conf'},
    'context': {'policy'},
    'inventory': {'conf'},
    'servers': {'conf', 'context', 'inventory', 'plugin'},
    'compute': {'conf', 'inventory', 'plugin'},
    'store': {'conf'},
    'rpc': {'conf', 'context', 'plugin'},
    'proxy': {'conf', 'context', 'rpc', 'store'},
    'wsgi': {'conf', 'context', 'plugin', 'policy', 'servers'},
    'standalone': {'conf', 'context', 'policy', 'servers', 'wsgi'},
    'api': {'conf', 'context', 'policy', 'rpc', 'servers', 'store', 'wsgi'},
}
# Inside the proxy, each package may only import those after it.
PROXY_ROOMS = ['http', 'consoles', 'admission', 'relay']
PROXY_GROUND = {'networks'}
SERVER_HALF = 'console_ext.rpc.server'
SERVER_HALF_ALSO = {'compute'}

VAGUE = {'util', 'utils', 'common', 'helper', 'helpers', 'manager', 'managers', 'misc'}


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix('').parts
    return '.'.join(parts[:-1] if parts[-1] == '__init__' else parts)


SOURCES = {name_of(path): path for path in sorted(PACKAGE.rglob('*.py'))}
# Scripts that alembic runs in its own environment.
MIGRATIONS = 'console_ext.store.migrations.'
LIBRARY = [
    name for name in SOURCES if not name.startswith(('console_ext.cmd', MIGRATIONS))
]


def part_of(name):
    """Return ``rpc`` for ``console_ext.rpc.client``; None for the package itself."""
    return name.split('.')[1] if '.' in name else None


@functools.cache
def imports_of(name):
    """Return the modules of this package that a module imports."""
    path = SOURCES[name]
    package = name if path.name == '__init__.py' else name.rpartition('.')[0]
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ''
            if node.level:
                above = package.split('.')[: len(package.split('.')) - node.level + 1]
                base = '.'.join([*above, *filter(None, [base])])
            for alias in node.names:
                full = f'{base}.{alias.name}'
                found.add(full if full in SOURCES else base)
    return {one for one in found if one.split('.')[0] == 'console_ext'}


def test_imports_are_seen():
    """The test below would also pass if the parser found nothing."""
    assert imports_of('console_ext.rpc.server') == {
        'console_ext.access_url',
        'console_ext.exceptions',
        'console_ext.compute.base',
        'console_ext.consoles',
        'console_ext.printable',
        'console_ext.rpc.errors',
        'console_ext.rpc.failures',
        'console_ext.rpc.instance',
        'console_ext.rpc.transport',
    }


def test_imports():
    """A part imports only what the table allows."""
    for name in LIBRARY:
        part = part_of(name)
        allowed = {None, part} | GROUND | MAY_IMPORT.get(part, set())
        if name == SERVER_HALF:
            allowed |= SERVER_HALF_ALSO
        assert {part_of(one) for one in imports_of(name)} <= allowed, name


PROXY = 'console_ext.proxy.'


def room_of(name):
    """Return ``relay`` for ``console_ext.proxy.relay.guest``; None for other parts."""
    return name.removeprefix(PROXY).split('.')[0] if name.startswith(PROXY) else None


@pytest.mark.parametrize('room', PROXY_ROOMS)
def test_rooms_of_the_proxy(room):
    """No package imports one before it, nor the modules that combine them."""
    below = PROXY_ROOMS[PROXY_ROOMS.index(room) :]
    # Connections are handed to the sessions.
    allowed = {None, *below, *PROXY_GROUND, *({'sessions'} if room == 'http' else ())}
    for name in SOURCES:
        if room_of(name) == room:
            assert {room_of(one) for one in imports_of(name)} <= allowed, name


def assert_no_circles(graph):
    """
    :param graph: what each module imports
    """
    while graph:
        free = {name for name, needed in graph.items() if not needed & set(graph)}
        assert free, f'a circle among {sorted(graph)}'
        for name in free:
            del graph[name]


def test_no_circles():
    """No module imports itself, directly or indirectly."""
    assert_no_circles(
        {
            name: {one for one in imports_of(name) if one != name and one in SOURCES}
            for name in SOURCES
        }
    )


def test_no_circles_in_the_pages():
    """The same for the modules of the pages."""
    imported = {
        path.name: set(re.findall(r"\bfrom '\./(\w+\.js)'", path.read_text()))
        for path in PAGES.glob('*.js')
    }
    # It would also pass if nothing was found.
    assert {'session.js', 'shell.js'} <= imported['vnc.js'] <= set(imported)
    assert_no_circles(imported)


@pytest.mark.parametrize('folder', ['bench', 'tests/parts'])
def test_what_is_shared_with_the_measurements(folder):
    """Measurements import only the parts of the tests, and parts only parts."""
    imported = {
        name
        for path in ROOT.joinpath(folder).rglob('*.py')
        for name in re.findall(
            r'^ *(?:from|import) (tests\b[\w.]*)', path.read_text(), re.MULTILINE
        )
    }
    assert imported
    assert [name for name in imported if not name.startswith('tests.parts')] == []


def test_every_part_is_in_the_table():
    """Add a line to the table for a new part."""
    parts = {part_of(name) for name in LIBRARY} - {None}
    assert parts == GROUND | set(MAY_IMPORT)
    assert not GROUND & set(MAY_IMPORT)


def test_programs_are_imported_by_none():
    """Only programs import modules of programs."""
    importers = {
        name
        for name in LIBRARY
        for one in imports_of(name)
        if one.startswith('console_ext.cmd')
    }
    assert importers == set()


def test_tree_of_the_documentation():
    """The contributor guide names every part of the package."""
    _, _, tree = GUIDE.read_text().partition('\n    console_ext/\n')
    named = set(re.findall(r'\b(\w+)(?:/|\.py)', tree.partition('\n    tests/\n')[0]))
    assert {part_of(name) for name in SOURCES} - {None} - named == set()


def test_table_is_that_of_the_documentation():
    """The contributor guide and the dict above are equal."""
    _, _, body, _ = re.split(r'^=+ +=+$', GUIDE.read_text(), flags=re.MULTILINE)
    rows = re.sub(r'\n {3,}', ' ', body).strip().splitlines()
    table = {}
    for row in rows:
        parts, allowed = re.split(r' {2,}', row, maxsplit=1)
        for part in parts.split(', '):
            table[part] = allowed
    assert table.pop('cmd') == 'everything; imported by none'
    assert {part for part in table if table[part] == 'each other'} == GROUND
    table = {part: allowed for part, allowed in table.items() if part not in GROUND}
    rpc, _, server_half = table['rpc'].partition('; its server half also ')
    table['rpc'] = rpc
    assert set(re.split(', +', server_half)) == SERVER_HALF_ALSO
    assert {
        part: set() if allowed == 'the ground floor' else set(allowed.split(', '))
        for part, allowed in table.items()
    } == MAY_IMPORT


def test_names_say_something():
    """Names such as "utils" say nothing about the content."""
    assert [name for name in SOURCES if VAGUE & set(name.split('.'))] == []


def test_no_global_configuration():
    """Each service creates a configuration and passes it on."""
    for name, path in SOURCES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            assert not (isinstance(node, ast.Attribute) and node.attr == 'CONF'), name
            assert not (isinstance(node, ast.alias) and node.name == 'CONF'), name


def test_every_module_has_its_tests():
    """In a file of its name, in the same folder below tests/unit.

    The groups of options have one table of tests.
    """
    for name in LIBRARY:
        if SOURCES[name].name == '__init__.py':
            continue
        *folders, module = name.split('.')[1:]
        if folders == ['conf']:
            module = 'options'
        assert TESTS.joinpath(*folders, f'test_{module}.py').is_file(), name


def test_license():
    """Every file names its licence."""
    for path in (*PACKAGE.rglob('*.py'), *TESTS.rglob('*.py')):
        text = path.read_text()
        assert text.startswith('# SPDX-License-Identifier: Apache-2.0\n'), path


def test_license_of_javascript():
    """The same for the JavaScript of the pages."""
    for path in (*PAGES.glob('*.js'), *(ROOT / 'tests' / 'web').rglob('*.[jt]s')):
        text = path.read_text()
        assert text.startswith('// SPDX-License-Identifier: Apache-2.0\n'), path


IMPORT_ALL = """
import logging
import os
import signal
import sys
import threading

import console_ext.cmd
from oslo_config import cfg

def state():
    return (
        threading.enumerate(),
        logging.getLogger().handlers[:],
        [signal.getsignal(number) for number in signal.valid_signals()],
        os.listdir('.'),
    )

before = state()
for name in sys.argv[1:]:
    __import__(name)
assert state() == before

from console_ext import conf

registered = {
    (group, opt.dest)
    for group, opts in conf.list_opts()
    for opt in opts
    if (group is None and opt.dest in cfg.CONF)
    or (group in cfg.CONF and opt.dest in cfg.CONF[group])
}
assert registered == set(), registered
assert 'oslo_policy' not in cfg.CONF
assert 'transport_url' not in cfg.CONF
"""


def test_nothing_happens_at_import(tmp_path):
    """No thread, no handler, no file, no output, no option on the global CONF.

    All modules but the one whose purpose it is, which servers import.
    """
    for_servers = 'console_ext.cmd.wsgi'
    names = [name for name in SOURCES if not name.startswith((for_servers, MIGRATIONS))]
    result = subprocess.run(
        [sys.executable, '-c', IMPORT_ALL, *names],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, '', '')
