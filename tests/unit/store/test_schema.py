# SPDX-License-Identifier: Apache-2.0
"""The tables."""

from console_ext.store.schema import AUTHORIZATIONS, METADATA, SOCKETS


def test_names_are_ours_alone():
    """Other programs may have tables in the same database."""
    for table in METADATA.tables.values():
        assert table.name.startswith('console_ext_')
        for index in table.indexes:
            assert index.name.startswith('console_ext_')


def test_no_column_for_a_secret():
    """Only hashes of tokens and of rejoin keys are stored, and they are unique."""
    names = {column.name for table in METADATA.tables.values() for column in table.c}
    assert {name for name in names if 'token' in name} == {'token_hash'}
    assert {name for name in names if 'rejoin' in name} == {'rejoin_hash'}
    unique = [one for one in AUTHORIZATIONS.indexes if one.unique]
    columns = [[column.name for column in index.columns] for index in unique]
    assert sorted(columns) == [['rejoin_hash'], ['token_hash']]


def test_a_socket_is_of_an_authorization():
    """Sockets are deleted with their authorization."""
    (key,) = SOCKETS.c.authorization_id.foreign_keys
    assert key.column is AUTHORIZATIONS.c.id
    assert not SOCKETS.c.authorization_id.nullable
