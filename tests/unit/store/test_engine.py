# SPDX-License-Identifier: Apache-2.0
"""Invalid URLs, and the default timeouts of valid ones."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from console_ext import exceptions
from console_ext.store import engine
from tests.parts.stores import factories


@pytest.mark.parametrize(
    'connection',
    [
        *('', 'nonsense', 'nodb://u:secret@h/d', 'sqlite://', 'sqlite:///:memory:'),
        *('sqlite:////tmp/secret\0', 'mysql+pymysql://u:secret\x1b@h/d'),
        # An @ in the password.
        *('mysql+pymysql://u:a@secret@h/d', 'mysql+pymysql://u:a@b:secret@h/d'),
    ],
)
def test_refuses_a_url_in_one_line_without_its_password(connection):
    with pytest.raises(exceptions.ConfigurationError) as caught:
        engine.engine(factories.configuration(connection), 5)
    assert str(caught.value).startswith('[database] connection: ')
    assert 'secret' not in str(caught.value)
    assert '\n' not in str(caught.value)


def test_no_url():
    with pytest.raises(exceptions.ConfigurationError, match='it is not set'):
        engine.engine(factories.configuration(''), 5)


@pytest.mark.parametrize(
    ('url', 'expected'),
    [
        ('sqlite:///f', {'timeout': '5'}),
        ('sqlite:///f?timeout=9', {'timeout': '9'}),
        (
            'mysql+pymysql://h/d?read_timeout=9',
            {'connect_timeout': '6', 'read_timeout': '9', 'write_timeout': '6'},
        ),
        (
            'postgresql+psycopg2://h/d',
            {
                'connect_timeout': '5',
                'tcp_user_timeout': '5000',
                'keepalives_idle': '5',
                'keepalives_interval': '1',
                'keepalives_count': '3',
            },
        ),
        ('postgresql+pg8000://h/d', {}),
    ],
)
def test_gives_a_url_timeouts_where_it_has_none(url, expected):
    assert dict(engine._bounded(sa.make_url(url), 5).query) == expected


@pytest.mark.parametrize('driver', ['+pymysql', '+mysqlconnector', ''])
def test_mariadb_is_spelt_mysql(driver):
    """oslo.db, the tables and the timeouts know both databases as mysql."""
    url = engine._of_mysql(sa.make_url(f'mariadb{driver}://u:p@h:3307/d?charset=x'))
    assert url.render_as_string(hide_password=False) == (
        f'mysql{driver}://u:p@h:3307/d?charset=x'
    )


def test_connection_parameters_count_as_the_urls_own():
    conf = factories.configuration(
        'sqlite:///f', database={'connection_parameters': 'timeout=9'}
    )
    assert engine.engine(conf, 5).url.query == {'timeout': '9'}


def test_leaves_the_global_configuration_alone(tmp_path):
    engine.engine(
        factories.configuration(f'sqlite:///{tmp_path}/f'), 5
    ).connect().close()
    assert 'database' not in cfg.CONF


def test_a_file_is_opened_once_for_many_calls(tmp_path):
    made = engine.engine(factories.configuration(f'sqlite:///{tmp_path}/f'), 5)
    opened = []
    sa.event.listen(made, 'connect', lambda *_: opened.append(1))
    for _ in range(3):
        with made.connect() as connection:
            connection.exec_driver_sql('SELECT 1')
    assert opened == [1]


@pytest.mark.parametrize(
    ('journal', 'values', 'expected'),
    [
        ('DELETE', {}, 2),
        ('WAL', {}, 1),
        ('WAL', {'sqlite_synchronous': False}, 0),
    ],
)
def test_what_a_power_failure_may_undo(tmp_path, journal, values, expected):
    """2 is FULL, 1 is NORMAL: only the last transactions can be lost."""
    with contextlib.closing(sqlite3.connect(tmp_path / 'f')) as file:
        file.execute(f'PRAGMA journal_mode = {journal}')
    conf = factories.configuration(f'sqlite:///{tmp_path}/f', database=values)
    with engine.engine(conf, 5).connect() as connection:
        assert connection.exec_driver_sql('PRAGMA synchronous').scalar() == expected


def test_a_file_that_is_replaced_is_opened_again(tmp_path):
    """For example when a backup is restored: no process continues with the old file."""
    path = tmp_path / 'f'
    made = engine.engine(factories.configuration(f'sqlite:///{path}'), 5)
    with made.begin() as connection:
        connection.exec_driver_sql('CREATE TABLE t (i INTEGER)')
    shutil.copy(path, tmp_path / 'copy')
    with made.begin() as connection:
        connection.exec_driver_sql('INSERT INTO t VALUES (1)')
    (tmp_path / 'copy').rename(path)
    with made.connect() as connection:
        assert connection.exec_driver_sql('SELECT * FROM t').all() == []
