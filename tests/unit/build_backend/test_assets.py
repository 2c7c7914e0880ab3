# SPDX-License-Identifier: Apache-2.0
"""What the build fetches; builds are in ``tests/functional/test_build.py``."""

from __future__ import annotations

import json
import re

import pytest

from build_backend import assets

LOCK_TEXT = (assets.ROOT / 'package-lock.json').read_text()
LOCK = json.loads(LOCK_TEXT)['packages']
PINNED = json.loads((assets.ROOT / 'package.json').read_text())['dependencies']


def test_the_lock_names_no_host():
    """Whoever makes it sets npm's option ``omit-lockfile-registry-resolved``."""
    assert 'resolved' not in LOCK_TEXT
    assert '://' not in LOCK_TEXT


def test_every_package_is_pinned():
    """To one version and one content, with no script of its own."""
    assert LOCK['']['dependencies'] == PINNED
    for name, version in PINNED.items():
        assert re.fullmatch(r'[\d.]+', version)
        entry = LOCK[f'node_modules/{name}']
        assert entry['version'] == version
        assert entry['integrity'].startswith('sha512-')
    assert 'hasInstallScript' not in LOCK_TEXT


def test_the_table_is_that_of_the_lock():
    """Nothing is fetched in vain, and nothing comes along unseen."""
    assert set(assets.TABLE) == set(PINNED)
    assert {name.removeprefix('node_modules/') for name in LOCK} == {'', *PINNED}


@pytest.mark.parametrize('package', assets.TABLE)
def test_licences_are_shipped(package):
    """With the files that they are about."""
    assert any(
        re.match('LICENSE|COPYING', pattern) for pattern in assets.TABLE[package]
    )


def test_folders_differ():
    """They are named without the scope."""
    folders = [name.rpartition('/')[2] for name in assets.TABLE]
    assert len(set(folders)) == len(folders)


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A source tree without assets, on a machine without npm."""
    for name in ('package.json', 'package-lock.json'):
        (tmp_path / name).write_text((assets.ROOT / name).read_text())
    monkeypatch.setattr(assets, 'ROOT', tmp_path)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.delenv(assets.REQUIRED, raising=False)
    return tmp_path


def npm(tree, script: str) -> None:
    """Give the machine an npm."""
    (tree / 'npm').write_text(f'#!/bin/sh\n{script}\n')
    (tree / 'npm').chmod(0o755)


def test_node_comes_from_pypi_where_there_is_no_npm(tree):
    """And only there, and only if something is to be fetched."""
    assert assets.requirements() == [assets.NODE]
    npm(tree, 'exit 1')
    assert assets.requirements() == []
    (tree / 'npm').unlink()
    (tree / assets.FOLDER).mkdir(parents=True)
    (tree / assets.FOLDER / assets.STAMP).write_text(assets.stamp())
    assert assets.requirements() == []


def test_the_same_lock_costs_nothing(tree):
    """npm is not asked."""
    npm(tree, 'exit 1')
    (tree / assets.FOLDER).mkdir(parents=True)
    (tree / assets.FOLDER / assets.STAMP).write_text(assets.stamp())
    assets.build()
    assert assets.is_built()


def test_another_lock(tree):
    """What was fetched for the former one goes."""
    (tree / assets.FOLDER).mkdir(parents=True)
    (tree / assets.FOLDER / assets.STAMP).write_text(assets.stamp())
    (tree / 'package-lock.json').write_text('{}')
    npm(tree, 'exit 1')
    assets.build()
    assert not (tree / assets.FOLDER).exists()


@pytest.mark.parametrize('script', ['echo unreachable >&2; exit 1', None])
def test_npm_fails(tree, monkeypatch, capsys, script):
    """A warning, or an error where the assets are required."""
    if script:
        npm(tree, script)
    assets.build()
    assert 'without browser pages' in capsys.readouterr().out
    monkeypatch.setenv(assets.REQUIRED, '1')
    with pytest.raises(assets.Unavailable):
        assets.build()
    assert not list(tree.rglob('.assets-*'))


def test_another_content_than_the_lock_pins(tree):
    """It is always an error."""
    npm(tree, 'echo npm error code EINTEGRITY >&2; exit 1')
    with pytest.raises(assets.Tampered):
        assets.build()


def test_a_file_that_is_not_there(tree):
    """A table that does not fit the packages is an error, too."""
    npm(tree, '/bin/mkdir node_modules')
    with pytest.raises(FileNotFoundError, match=r'xterm\.mjs'):
        assets.build()
    assert not (tree / assets.FOLDER).exists()
