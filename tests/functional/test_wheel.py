# SPDX-License-Identifier: Apache-2.0
"""The files that the wheel installs besides the package."""

from __future__ import annotations

import subprocess
import sys
import zipfile

from tests import source_tree
from tests.parts import documentation


def test_sample_files_are_in_it(tmp_path):
    """A wheel built with the documented command has the documented files."""
    source = source_tree.copy(tmp_path / 'source')
    command = documentation.block(
        'install/package.rst', 'pip wheel --no-deps --wheel-dir dist .'
    ).split()
    done = subprocess.run(
        # The second option avoids the package index.
        [sys.executable, '-m', *command, '--no-build-isolation', '--quiet'],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = (source / 'dist').glob('console_ext-*.whl')
    with zipfile.ZipFile(wheel) as file:
        installed = {
            name.partition('.data/data/etc/')[2]
            for name in file.namelist()
            if '.data/data/etc/' in name
        }
    page = (documentation.SOURCE / 'install' / 'package.rst').read_text()
    assert {name for name in installed if f'\n``{name}``\n' in page} == installed
    assert installed == {
        'console_ext/api-paste.ini',
        'console_ext/console_ext.conf.sample',
        'console_ext/policy.yaml.sample',
        'systemd/console-ext-agent.service',
        'systemd/console-ext-proxy.service',
    }
