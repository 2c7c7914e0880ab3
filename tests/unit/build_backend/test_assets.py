# SPDX-License-Identifier: Apache-2.0
"""Fetching assets; ``tests/functional/test_build.py`` has complete builds."""

from __future__ import annotations

import json
import re

import pytest

from build_backend import assets

LOCK = json.loads((assets.ROOT / 'package-lock.json').read_text())['packages']
PACKAGE = json.loads((assets.ROOT / 'package.json').read_text())
PINNED = PACKAGE['dependencies']

# They check our own modules, and are not in the package.
TOOLS = PACKAGE['devDependencies']


def test_the_lock_names_no_host():
    """Write the lock file with npm's option ``omit-lockfile-registry-resolved``."""
    for entry in LOCK.values():
        # Where to give money to the authors is no part of the installation.
        assert '://' not in json.dumps({**entry, 'funding': None})
        assert 'resolved' not in entry


def test_every_package_is_pinned():
    """Each package has an exact version and a hash.

    The build runs no install scripts; only that of esbuild exists.
    """
    assert LOCK['']['dependencies'] == PINNED
    assert LOCK['']['devDependencies'] == TOOLS
    for name, version in (PINNED | TOOLS).items():
        assert re.fullmatch(r'[\d.]+', version)
        assert LOCK[f'node_modules/{name}']['version'] == version
    for name in set(LOCK) - {''}:
        assert LOCK[name]['integrity'].startswith('sha512-')
    scripts = [name for name, entry in LOCK.items() if entry.get('hasInstallScript')]
    assert scripts == [f'node_modules/{assets.ESBUILD}']


def test_the_table_is_that_of_the_lock():
    """All packages of the lock file are used, but for tools, and no others."""
    assert {*assets.TABLE, assets.ESBUILD} == set(PINNED)
    assert set(assets.BUNDLES) <= set(assets.TABLE)
    names = {
        name.removeprefix('node_modules/')
        for name, entry in LOCK.items()
        if not entry.get('dev')
    }
    programs = {name for name in names if name.startswith(f'@{assets.ESBUILD}/')}
    assert names - programs == {'', *PINNED}


@pytest.mark.parametrize('package', assets.TABLE)
def test_licences_are_shipped(package):
    """Each package has its licence file."""
    assert any(
        re.match('LICENSE|COPYING', pattern) for pattern in assets.TABLE[package]
    )


def test_folders_differ():
    """Directories are named without the scope, so these must be unique."""
    folders = [name.rpartition('/')[2] for name in assets.TABLE]
    assert len(set(folders)) == len(folders)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A source tree without assets, and a machine without npm."""
    bundled = [assets.entry_path(*one) for one in assets.BUNDLES.items()]
    for name in ('package.json', 'package-lock.json', *bundled):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text((assets.ROOT / name).read_text())
    monkeypatch.setattr(assets, 'ROOT', tmp_path)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.delenv(assets.REQUIRED, raising=False)
    return tmp_path


def npm(tree, script: str) -> None:
    """Install a program as npm."""
    (tree / 'npm').write_text(f'#!/bin/sh\n{script}\n')
    (tree / 'npm').chmod(0o755)


def test_node_comes_from_pypi_where_there_is_no_npm(tree):
    """node is required only if npm is missing and assets have to be fetched."""
    assert assets.requirements() == [assets.NODE]
    npm(tree, 'exit 1')
    assert assets.requirements() == []
    (tree / 'npm').unlink()
    (tree / assets.FOLDER).mkdir()
    (tree / assets.FOLDER / assets.STAMP).write_text(assets.stamp())
    assert assets.requirements() == []


def test_the_same_lock_costs_nothing(tree):
    """npm does not run if the lock file has not changed."""
    npm(tree, 'exit 1')
    (tree / assets.FOLDER).mkdir()
    (tree / assets.FOLDER / assets.STAMP).write_text(assets.stamp())
    assets.build()
    assert assets.is_built()


def test_another_lock(tree):
    """After a change of the lock file, old assets are removed."""
    (tree / assets.FOLDER).mkdir()
    (tree / assets.FOLDER / assets.STAMP).write_text(assets.stamp())
    (tree / 'package-lock.json').write_text('{}')
    npm(tree, 'exit 1')
    assets.build()
    assert not (tree / assets.FOLDER).exists()


@pytest.mark.parametrize('script', ['echo unreachable >&2; exit 1', None])
def test_npm_fails(tree, monkeypatch, capsys, script):
    """It is a warning, or an error if assets are required."""
    if script:
        npm(tree, script)
    assets.build()
    assert 'without browser pages' in capsys.readouterr().out
    monkeypatch.setenv(assets.REQUIRED, '1')
    with pytest.raises(assets.Unavailable):
        assets.build()
    assert not list(tree.rglob('.assets-*'))


def test_the_build_needs_no_tools(tree):
    """It does not fetch those that check our own modules."""
    npm(tree, f'echo "$@" > {tree}/arguments; exit 1')
    assets.build()
    assert '--omit=dev' in (tree / 'arguments').read_text().split()


def test_another_content_than_the_lock_pins(tree):
    """A wrong hash is always an error."""
    npm(tree, 'echo npm error code EINTEGRITY >&2; exit 1')
    with pytest.raises(assets.Tampered):
        assets.build()


def test_a_file_that_is_not_there(tree):
    """A file that is listed but not in the package is an error."""
    npm(tree, '/bin/mkdir node_modules')
    with pytest.raises(FileNotFoundError, match=r'xterm\.mjs'):
        assets.build()
    assert not (tree / assets.FOLDER).exists()


@pytest.fixture
def packages(tree):
    """The files that npm would fetch, and a program as esbuild."""
    modules = tree / 'packages'
    for package, patterns in assets.TABLE.items():
        for pattern in (*patterns, 'package.json'):
            file = modules / package / pattern
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps({'version': '1.2.3', 'license': 'MIT'}))
    for package, entry in assets.BUNDLES.items():
        (modules / package / entry).parent.mkdir(exist_ok=True)
    program = modules / '@esbuild' / 'this-platform' / 'bin' / 'esbuild'
    program.parent.mkdir(parents=True)
    npm(tree, f'/bin/cp -r {modules} node_modules')
    return program


def esbuild(program, script: str) -> None:
    program.write_text(f'#!/bin/sh\n{script}\n')
    program.chmod(0o755)


def test_bundles(tree, packages):
    """Each is made of a module of ours among those of its package."""
    # The last argument names the file to write.
    esbuild(
        packages,
        'for one; do file=${one#*=}; done\n{ echo "$@"; /bin/cat "$1"; } > "$file"',
    )
    assets.build()
    assert assets.is_built()
    for name, package in (('novnc/rfb.js', 'novnc'), ('spice-html5/spice.js', 'spice')):
        text = (tree / assets.FOLDER / name).read_text()
        assert text.endswith((tree / assets.PAGES / name).read_text())
        assert package in text.partition('1.2.3, MIT, as one file')[0]
        assert (tree / assets.FOLDER / f'{name}.gz').is_file()


@pytest.mark.parametrize('script', ['echo is broken >&2; exit 1', None])
def test_esbuild_fails(tree, packages, monkeypatch, capsys, script):
    """As with npm: it is a warning, or an error if assets are required."""
    if script:
        esbuild(packages, script)
    assets.build()
    said = capsys.readouterr().out
    assert 'without browser pages: esbuild' in said
    assert script is None or 'is broken' in said
    monkeypatch.setenv(assets.REQUIRED, '1')
    with pytest.raises(assets.Unavailable):
        assets.build()
    assert not (tree / assets.FOLDER).exists()
