# SPDX-License-Identifier: Apache-2.0
"""Builds of the package where npm's registry cannot be reached.

Those with a registry are in ``tests/integration/test_build.py``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile

import pytest

from build_backend import assets
from tests import source_tree
from tests.unit.build_backend.test_assets import npm


@pytest.fixture
def build(tmp_path):
    """A function that builds a wheel, without npm's registry."""
    source = source_tree.copy(tmp_path / 'source', fetched=False)
    tools = tmp_path / 'tools'
    tools.mkdir()
    npm(tools, 'echo npm error code ECONNREFUSED >&2; exit 1')

    def build(**environment):
        command = ('wheel', '--no-deps', '--no-build-isolation', '-w', 'dist', '.')
        return subprocess.run(
            [sys.executable, '-m', 'pip', *command],
            cwd=source,
            env={
                **{
                    key: os.environ[key] for key in os.environ if key != assets.REQUIRED
                },
                'PATH': f'{tools}:{os.environ["PATH"]}',
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=100,
        )

    build.dist = source / 'dist'
    return build


def test_the_package_is_built_without_pages(build):
    """The package can be installed without npm."""
    done = build()
    assert done.returncode == 0, done.stderr
    (wheel,) = build.dist.glob('*.whl')
    with zipfile.ZipFile(wheel) as file:
        names = file.namelist()
    assert 'console_ext/proxy/web/page.html' in names
    assert not [name for name in names if '/assets/' in name]


def test_assets_that_are_required(build):
    """A release without them cannot be built."""
    done = build(**{assets.REQUIRED: '1'})
    assert done.returncode != 0
    assert 'ECONNREFUSED' in done.stdout + done.stderr
    assert not list(build.dist.glob('*.whl'))
