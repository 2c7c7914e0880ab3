# SPDX-License-Identifier: Apache-2.0
"""``console-ext-manage db``, as an operator runs it."""

from __future__ import annotations

import os
import subprocess
import sys


def manage(deployment, *args):
    return subprocess.run(
        [sys.executable, '-m', 'console_ext.cmd.manage', *args],
        env={**os.environ, 'CONSOLE_EXT_CONFIG_FILES': str(deployment.config_file)},
        capture_output=True,
        text=True,
    )


def test_sync_and_version(deployment):
    deployment.configure(
        database={'connection': f'sqlite:///{deployment.path}/store.db'}
    )
    assert manage(deployment, 'db', 'version').stdout.startswith('none')
    result = manage(deployment, 'db', 'sync')
    assert (result.returncode, result.stdout, result.stderr) == (0, '', '')
    assert manage(deployment, 'db', 'version').stdout == '002\n'
    assert manage(deployment, 'db', 'sync').returncode == 0


def test_half_a_command_is_an_error(deployment):
    assert manage(deployment, 'db').returncode == 2


def test_what_is_in_the_way_is_said_in_words(deployment):
    for connection, said in (
        ('', '[database] connection'),
        (f'sqlite:///{deployment.path}/none/store.db', 'is unavailable'),
    ):
        deployment.configure(database={'connection': connection})
        result = manage(deployment, 'db', 'sync')
        assert result.returncode == 1
        assert said in result.stderr
        assert 'Traceback' not in result.stderr


WITHOUT_SQL = """
import sys
sys.modules.update(dict.fromkeys(['oslo_db', 'sqlalchemy', 'alembic']))
from console_ext.cmd import manage
sys.argv = ['console-ext-manage', 'db', 'sync']
sys.exit(manage.main())
"""


def test_without_the_extra_it_says_so():
    result = subprocess.run(
        [sys.executable, '-c', WITHOUT_SQL], capture_output=True, text=True
    )
    assert result.returncode == 1
    assert 'console-ext[sql]' in result.stderr
