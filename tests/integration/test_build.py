# SPDX-License-Identifier: Apache-2.0
"""Builds of the package with PyPI and npm's registry.

The pages of an editable install are what all other tests with a browser use.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from build_backend import assets
from tests import source_tree

# Time for creating environments on a busy machine.
pytestmark = pytest.mark.timeout(600)

# The build backend that pip calls, without an isolated environment.
BUILD_WHEEL = 'import build_backend; build_backend.build_wheel("dist")'

PREFIX = f'{assets.FOLDER.as_posix()}/'


def run(*command, cwd, **environment):
    return subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def check(done) -> None:
    assert done.returncode == 0, done.stdout + done.stderr


def shipped(names) -> set[str]:
    """Return the shipped assets, relative to their directory."""
    return {
        name.partition(PREFIX)[2]
        for name in names
        if PREFIX in name and not name.endswith('/')
    }


def assert_is_the_table(names: set[str]) -> None:
    """Check that exactly the files of the table and the bundles are there."""
    names = names - {assets.STAMP}
    packed = {name for name in names if name.endswith('.gz')}
    plain = names - packed
    assert packed == {
        f'{name}.gz' for name in plain if Path(name).suffix in assets.COMPRESSED
    }
    assert plain == {
        f'{package.rpartition("/")[2]}/{file}'
        for package, files in assets.TABLE.items()
        for file in files
    } | {assets.bundle_path(*one).as_posix() for one in assets.BUNDLES.items()}


@pytest.fixture(scope='module')
def sdist(tmp_path_factory):
    """A source distribution, built on a machine without node."""
    directory = tmp_path_factory.mktemp('sdist')
    source = source_tree.copy(directory / 'source', fetched=False)
    tools = directory / 'bin'
    tools.mkdir()
    for name in ('git', 'sh'):
        if found := shutil.which(name):
            (tools / name).symlink_to(found)
    script = (
        'from build_backend import get_requires_for_build_sdist as needed; '
        'print(*needed(), sep="\\n")'
    )
    done = run('-c', script, cwd=source, PATH=str(tools))
    check(done)
    environment = directory / 'environment'
    check(run('-m', 'venv', str(environment), cwd=directory))
    python = environment / 'bin' / 'python'
    requirements = [line for line in done.stdout.splitlines() if 'nodejs' in line]
    assert requirements == [assets.NODE]
    install = ['-m', 'pip', 'install', '-q', 'setuptools>=77', *requirements]
    subprocess.run([python, *install], check=True, timeout=300)
    make = 'import build_backend; print(build_backend.build_sdist("dist"))'
    made = subprocess.run(
        [python, '-c', make],
        cwd=source,
        env={**os.environ, 'PATH': str(tools), assets.REQUIRED: '1'},
        capture_output=True,
        text=True,
        timeout=300,
    )
    check(made)
    (archive,) = (source / 'dist').glob('*.tar.gz')
    return archive


def test_the_sdist_holds_them(sdist):
    """Licences and compressed files are included, and nothing else."""
    with tarfile.open(sdist) as file:
        names = file.getnames()
        assert_is_the_table(
            shipped(one.name for one in file.getmembers() if one.isfile())
        )
    for name in ('package-lock.json', 'package.json', 'pyproject.toml'):
        assert any(one.endswith(f'/{name}') for one in names)
    assert any(one.endswith('/build_backend/assets.py') for one in names)


def test_a_wheel_of_the_sdist_needs_no_npm(sdist, tmp_path):
    """Everything is included."""
    done = run(
        *('-m', 'pip', 'wheel', '-q', '--no-deps', '-w', str(tmp_path), str(sdist)),
        cwd=tmp_path,
        npm_config_registry='http://127.0.0.1:1',
        **{assets.REQUIRED: '1'},
    )
    check(done)
    (wheel,) = tmp_path.glob('*.whl')
    with zipfile.ZipFile(wheel) as file:
        assert_is_the_table(shipped(file.namelist()))


def test_an_editable_install(tmp_path):
    """Its assets are in the source tree, without those of an earlier build."""
    source = source_tree.copy(tmp_path / 'source', fetched=False)
    left = source / 'build' / 'lib' / assets.FOLDER / 'left.js'
    left.parent.mkdir(parents=True)
    left.write_text('//')
    check(run('-m', 'venv', 'environment', cwd=tmp_path))
    python = str(tmp_path / 'environment' / 'bin' / 'python')
    install = ['-m', 'pip', 'install', '-q', '--no-deps', '-e', str(source)]
    subprocess.run(
        [python, *install],
        env={**os.environ, assets.REQUIRED: '1'},
        check=True,
        timeout=300,
    )
    folder = source / assets.FOLDER
    assert_is_the_table(
        {
            path.relative_to(folder).as_posix()
            for path in folder.rglob('*')
            if path.is_file()
        }
    )
    check(run('-c', BUILD_WHEEL, cwd=source))
    (made,) = (source / 'dist').glob('*.whl')
    with zipfile.ZipFile(made) as file:
        assert_is_the_table(shipped(file.namelist()))


def test_another_content_than_the_lock_pins(tmp_path):
    """The build always fails."""
    source = source_tree.copy(tmp_path / 'source', fetched=False)
    path = source / 'package-lock.json'
    lock = json.loads(path.read_text())
    entry = lock['packages']['node_modules/@xterm/addon-fit']
    other = lock['packages']['node_modules/@xterm/addon-webgl']
    entry['integrity'] = other['integrity']
    path.write_text(json.dumps(lock))
    done = run('-c', BUILD_WHEEL, cwd=source)
    assert done.returncode != 0
    assert 'EINTEGRITY' in done.stdout + done.stderr
