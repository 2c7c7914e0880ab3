# SPDX-License-Identifier: Apache-2.0
"""How a console is opened again."""

from __future__ import annotations

import pytest

from console_ext.client.connection import Rejoin
from console_ext.client.endings import NotOpened, refused
from console_ext.client.ways import Ways

REJOIN = Rejoin('ws://h/?rejoin=secret', 60)
UNREACHABLE = NotOpened('h cannot be reached', again=True)
TOO_LATE = refused(401, b'This session cannot be opened again.', None)
CONFLICT = refused(409, b'The server has stopped.', None)
BUSY = refused(503, b'Try again later.', '10')


@pytest.mark.parametrize(
    ('rejoin', 'has_urls', 'possible'),
    [(None, False, False), (None, True, True), (REJOIN, False, True)],
)
def test_whether_there_is_a_way(rejoin, has_urls, possible):
    assert bool(Ways(rejoin, has_urls, 0)) is possible


@pytest.mark.parametrize(
    ('error', 'now', 'same_session'),
    [
        (UNREACHABLE, 59, True),
        (BUSY, 59, True),
        (CONFLICT, 59, True),
        (UNREACHABLE, 60, False),
        (CONFLICT, 60, False),
        (TOO_LATE, 1, False),
    ],
)
def test_then_a_new_url(error, now, same_session):
    ways = Ways(REJOIN, has_urls=True, lost=0)
    assert ways.failed(error, now)
    assert ways.rejoin is (REJOIN if same_session else None)


@pytest.mark.parametrize(
    ('error', 'again'),
    [(UNREACHABLE, True), (BUSY, True), (CONFLICT, True), (TOO_LATE, False)],
)
def test_no_other_way(error, again):
    """The proxy decides whether it is too late."""
    ways = Ways(REJOIN, has_urls=False, lost=0)
    assert ways.failed(error, 1000) is again
    assert ways.rejoin is REJOIN


@pytest.mark.parametrize(('error', 'again'), [(UNREACHABLE, True), (CONFLICT, False)])
def test_only_new_urls(error, again):
    assert Ways(None, has_urls=True, lost=0).failed(error, 1) is again


def test_a_key_is_not_shown():
    assert 'secret' not in repr(Ways(REJOIN, has_urls=True, lost=0))
