# SPDX-License-Identifier: Apache-2.0
"""``console-ext-manage`` commands for the store."""

from __future__ import annotations

import subprocess
import sys

import pytest
import sqlalchemy as sa

from console_ext.exceptions import RefusalReason
from console_ext.store import load_store, migration
from tests.functional import management
from tests.parts.deployment import server_id
from tests.parts.stores import contract, factories


def manage(deployment, *args):
    return management.manage([deployment.config_file], *args)


def test_sync_and_version(deployment):
    deployment.configure(
        database={'connection': f'sqlite:///{deployment.path}/store.db'}
    )
    assert manage(deployment, 'db', 'version').stdout.startswith('none')
    result = manage(deployment, 'db', 'sync')
    assert (result.returncode, result.stdout, result.stderr) == (0, '', '')
    assert manage(deployment, 'db', 'version').stdout == f'{migration.newest()}\n'
    assert manage(deployment, 'db', 'sync').returncode == 0


def test_looking_creates_no_file(deployment):
    """It would belong to the user of the command, often root."""
    path = deployment.path / 'store.db'
    deployment.configure(database={'connection': f'sqlite:///{path}'})
    assert manage(deployment, 'db', 'version').stdout.startswith('none')
    assert 'db sync' in manage(deployment, 'check').stdout
    assert not path.exists()


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


def test_tables_of_a_later_version(deployment):
    """One line says what to do, and the tables are not changed."""
    url = f'sqlite:///{deployment.path}/store.db'
    deployment.configure(database={'connection': url})
    manage(deployment, 'db', 'sync')
    with sa.create_engine(url).begin() as connection:
        newer = f"UPDATE {migration.VERSION_TABLE} SET version_num = '999'"
        connection.execute(sa.text(newer))
    result = manage(deployment, 'db', 'sync')
    assert (result.returncode, result.stdout) == (1, '')
    (line,) = result.stderr.splitlines()
    assert 'version 999' in line
    assert 'upgrade console-ext' in line
    assert manage(deployment, 'db', 'version').stdout == '999\n'


@pytest.fixture
def store(deployment):
    """The store of the deployment, with its tables."""
    deployment.configure(
        database={'connection': f'sqlite:///{deployment.path}/store.db'}
    )
    conf = deployment.conf()
    migration.sync(conf)
    made = load_store(conf)
    yield made
    made.close()


def test_revoke(deployment, store):
    """Only the tokens of that server; the second call finds none."""
    ours, other = (
        factories.issued(store, server_id=server_id(number)) for number in ('01', '02')
    )
    result = manage(deployment, 'revoke', server_id('01'))
    assert (result.returncode, result.stderr) == (0, '')
    assert result.stdout == 'Revoked 1 authorizations.\n'
    assert contract.refusal(store, ours) is RefusalReason.REVOKED
    assert store.redeem(other, 'serial', factories.CLIENT)
    result = manage(deployment, 'revoke', server_id('01'))
    assert result.stdout == 'Revoked 0 authorizations.\n'


def test_revoke_in_upper_case(deployment, store):
    """As Nova finds a server whose id is in upper case."""
    token = factories.issued(store, server_id=server_id('0a'))
    result = manage(deployment, 'revoke', server_id('0a').upper())
    assert result.stdout == 'Revoked 1 authorizations.\n'
    assert contract.refusal(store, token) is RefusalReason.REVOKED


def test_revoke_without_a_database(deployment):
    result = manage(deployment, 'revoke', server_id('01'))
    assert (result.returncode, result.stdout) == (1, '')
    assert '[database] connection' in result.stderr


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
