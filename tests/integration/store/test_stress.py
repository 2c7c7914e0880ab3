# SPDX-License-Identifier: Apache-2.0
"""Four processes redeem the same tokens, and are killed at any moment."""

from __future__ import annotations

import contextlib

import pytest
import sqlalchemy as sa

from console_ext import exceptions
from console_ext.store import migration
from console_ext.store.authorization import Lease
from console_ext.store.schema import AUTHORIZATIONS, SOCKETS
from console_ext.store.store import Store
from tests.integration.store import stress
from tests.parts.stores import factories
from tests.parts.waiting import wait_for

SERIAL, SPICE = 32, 4
KILLS = 40


@pytest.fixture
def store(connection):
    conf = factories.configuration(connection, console_tokens=stress.OPTIONS)
    migration.sync(conf)
    store = Store(conf)
    yield store
    store.close()


def room(store, token, console_type) -> int:
    """Return how many sockets a token allows now; they are closed again."""
    leases: list[Lease] = []
    with contextlib.suppress(exceptions.TokenRefused):
        while len(leases) <= stress.MAX_SOCKETS:
            leases.append(store.redeem(token, console_type, factories.CLIENT))
    store.release(leases)
    return len(leases)


def half_done(connection):
    """Return serial sessions without a socket, and sockets without a session."""
    opened = AUTHORIZATIONS.c.session_id.is_not(None)
    owning = sa.exists().where(SOCKETS.c.authorization_id == AUTHORIZATIONS.c.id)
    engine = sa.create_engine(connection)
    with engine.connect() as database:
        rows = database.execute(
            sa.select(AUTHORIZATIONS.c.id).where(
                AUTHORIZATIONS.c.console_type == 'serial',
                sa.or_(opened & ~owning, ~opened & owning),
            )
        ).all()
    engine.dispose()
    return rows


def test_kills(connection, store, tmp_path):
    """Never do two have a serial console's token.  A kill loses no token but the one
    that was being redeemed, and of a SPICE console's only the sockets, for a lease."""
    types = ['serial'] * SERIAL + ['spice-html5'] * SPICE
    tokens = [(factories.issued(store, type_), type_) for type_ in types]
    journal = stress.Crowd(connection, tokens, tmp_path).run(processes=4, kills=KILLS)
    journal.replay(tokens, stress.MAX_SOCKETS)
    assert half_done(connection) == []
    print(dict(journal.counts), f'{len(journal.unfinished)} calls cut short')
    assert journal.counts['ended'] > 100
    assert journal.counts['refused'] > 10
    cut_short = set(journal.unfinished.values())
    assert len(journal.unfinished) <= KILLS
    for number, (token, type_) in enumerate(tokens):
        if type_ != 'serial':
            wait_for(
                lambda token=token, type_=type_: (
                    room(store, token, type_) == stress.MAX_SOCKETS
                )
            )
        elif journal.holders[number]:
            assert room(store, token, type_) == 0
        elif number not in cut_short:
            assert room(store, token, type_) == 1
