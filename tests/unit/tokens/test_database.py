# SPDX-License-Identifier: Apache-2.0
"""URLs that cannot be used, and the bounds that the others get."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from oslo_config import cfg

from console_ext import exceptions
from console_ext.tokens import database
from tests import stores


@pytest.mark.parametrize(
    'connection',
    ['', 'nonsense', 'nodb://u:secret@h/d', 'sqlite://', 'sqlite:///:memory:'],
)
def test_refuses_a_url_in_one_line_without_its_password(connection):
    with pytest.raises(exceptions.ConfigurationError) as caught:
        database.engine(stores.configuration(connection), 5)
    assert str(caught.value).startswith('[database] connection: ')
    assert 'secret' not in str(caught.value)
    assert '\n' not in str(caught.value)


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
    assert dict(database._bounded(sa.make_url(url), 5).query) == expected


def test_connection_parameters_count_as_the_urls_own():
    conf = stores.configuration(
        'sqlite:///f', database={'connection_parameters': 'timeout=9'}
    )
    assert database.engine(conf, 5).url.query == {'timeout': '9'}


def test_leaves_the_global_configuration_alone(tmp_path):
    database.engine(
        stores.configuration(f'sqlite:///{tmp_path}/f'), 5
    ).connect().close()
    assert 'database' not in cfg.CONF
