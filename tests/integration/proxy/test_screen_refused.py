# SPDX-License-Identifier: Apache-2.0
"""A screen whose channels are refused or end before it is open, in every order.

About one load of the page in fifteen has a ticket that is too short, and the SPICE
server refuses that channel.
"""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from tests.integration.proxy.interposer import (
    CURSOR,
    DISPLAY,
    INPUTS,
    MAIN,
    WAIT_S,
    Channel,
    Interposer,
    spoil,
)
from tests.integration.proxy.machine import Machine
from tests.integration.proxy.screen import ended, opened, state
from tests.integration.proxy.serial_page import click
from tests.parts.waiting import wait_for

REFUSED = 'The console refused the connection. Reconnect, or request a new console URL.'

# The page's MAX_RETRIES plus the first attempt.
TRIES = 1 + 8

SUBORDINATE = (DISPLAY, INPUTS, CURSOR)


@pytest.fixture
def before(machine):
    """A function that puts an interposer in front of the machine.

    Other machines may stand before it, for the page's first attempts.
    """
    with contextlib.ExitStack() as close:

        def put(order, *others):
            ports = [each.spice_port for each in (*others, machine)]
            made = Interposer(ports, order)
            close.callback(made.close)
            return made

        yield put


@pytest.fixture
def fragile(tmp_path):
    """A function that makes machines, one for each attempt that ends as it starts.

    libspice-server 0.15.1 may crash or hang when both sides end a channel.
    """
    with contextlib.ExitStack() as close:

        def make(count=1):
            for number in range(count):
                path = tmp_path / str(number)
                path.mkdir()
                machine = Machine(path)
                close.callback(machine.close)
                yield machine

        yield make


def let_in(channel: Channel) -> None:
    channel.tell(channel.ask())
    channel.relay()


def refuse(channel: Channel) -> None:
    channel.tell(channel.ask(refused=True))
    channel.relay()


@pytest.mark.parametrize('spoiled', [{0}, {1}, {2}, {3}, {0, 2, 4}])
def test_permission_denied_is_retried(browser, page, before, fragile, spoiled):
    """For any channel, and more than once."""
    server = before(spoil(spoiled), *fragile(len(spoiled)))
    browser.get(page(port=server.port))
    opened(browser)
    assert server.accepted > max(spoiled)


def test_one_after_another(browser, page, before, fragile):
    """Each attempt has another channel refused."""

    def order(channel):
        kinds = (MAIN, *SUBORDINATE)
        late = channel.attempt < len(kinds) and kinds[channel.attempt] == channel.kind
        (refuse if late else let_in)(channel)

    server = before(order, *fragile(4))
    browser.get(page(port=server.port))
    opened(browser)
    assert len(server.attempts) == 5


@pytest.mark.parametrize('kinds', [(DISPLAY, INPUTS), SUBORDINATE])
def test_refused_at_once(browser, page, before, fragile, kinds):
    """Several channels refused at the same moment cause one retry."""
    together = threading.Barrier(len(kinds))

    def order(channel):
        if channel.attempt == 0 and channel.kind in kinds:
            code = channel.ask(refused=True)
            together.wait(WAIT_S)
            channel.tell(code)
            channel.relay()
        else:
            let_in(channel)

    server = before(order, *fragile())
    browser.get(page(port=server.port))
    opened(browser)
    assert len(server.attempts) == 2


@pytest.mark.parametrize(
    ('refused', 'ending'),
    [
        (DISPLAY, MAIN),
        (CURSOR, MAIN),
        (DISPLAY, INPUTS),
        (INPUTS, CURSOR),
        (CURSOR, DISPLAY),
    ],
)
def test_the_code_comes_behind_the_end_of_another(
    browser, page, before, fragile, refused, ending
):
    """The server ends one channel, and refuses another after the page has ended it."""
    asked = threading.Event()

    def order(channel):
        if channel.attempt == 0 and channel.kind == refused:
            code = channel.ask(refused=True)
            asked.set()
            channel.wait_for_hang_up()
            channel.tell(code)
        elif channel.attempt == 0 and channel.kind == ending:
            channel.tell(channel.ask())
            if ending == MAIN:
                relaying = threading.Thread(target=channel.relay, daemon=True)
                relaying.start()
            assert asked.wait(WAIT_S)
            channel.end()
        else:
            let_in(channel)

    server = before(order, *fragile())
    browser.get(page(port=server.port))
    opened(browser)
    assert len(server.attempts) == 2


@pytest.mark.parametrize('ending', [MAIN, INPUTS])
def test_another_ends_between_the_code_and_its_end(
    browser, page, before, fragile, ending
):
    """The page learns of a refusal before another channel ends."""
    known = threading.Event()

    def order(channel):
        if channel.attempt == 0 and channel.kind == CURSOR:
            channel.tell(channel.ask(refused=True))
            channel.wait_for_hang_up()
        elif channel.attempt == 0 and channel.kind == ending:
            channel.tell(channel.ask())
            if ending == MAIN:
                relaying = threading.Thread(target=channel.relay, daemon=True)
                relaying.start()
            assert known.wait(WAIT_S)
            channel.end()
        else:
            let_in(channel)

    server = before(order, *fragile())
    browser.get(page(port=server.port))
    wait_for(
        lambda: any(
            'Permission denied' in entry['message']
            for entry in browser.get_log('browser')
        ),
        30,
    )
    known.set()
    opened(browser)
    assert len(server.attempts) == 2


@pytest.mark.parametrize(
    ('how', 'kind'),
    [
        (Channel.end, MAIN),
        (Channel.end, DISPLAY),
        (Channel.end, CURSOR),
        (Channel.reset, MAIN),
        (Channel.reset, INPUTS),
    ],
)
def test_the_code_is_lost(browser, page, before, fragile, how, kind):
    """A refused channel ends without a code for the page."""

    def order(channel):
        if channel.attempt == 0 and channel.kind == kind:
            channel.ask(refused=True)
            how(channel)
        else:
            let_in(channel)

    server = before(order, *fragile())
    browser.get(page(port=server.port))
    opened(browser)
    assert len(server.attempts) == 2


@pytest.mark.parametrize('held', ['ends', 'tickets'])
def test_the_old_channels_end_late(browser, page, before, fragile, held):
    """The first attempt's channels end after the second attempt is open."""
    open_ = threading.Event()

    def order(channel):
        if channel.attempt > 0:
            let_in(channel)
        elif channel.kind == DISPLAY:
            refuse(channel)
        elif channel.kind == MAIN or held == 'ends':
            channel.tell(channel.ask())
            channel.relay(open_)
        else:
            assert open_.wait(WAIT_S)
            channel.ask()

    server = before(order, *fragile())
    browser.get(page(port=server.port))
    opened(browser)
    open_.set()
    time.sleep(1)
    assert state(browser)[0] == 'open', state(browser)
    assert len(server.attempts) == 2


def test_refused_late_and_for_good(browser, page, before):
    """The page reports it, although the other channels succeed in each attempt."""

    def order(channel):
        if channel.kind == CURSOR:
            code = channel.ask(refused=True)
            # When picture and keyboard already work.
            time.sleep(0.5)
            channel.tell(code)
            channel.relay()
        else:
            let_in(channel)

    server = before(order)
    browser.get(page(port=server.port))
    wait_for(lambda: len(server.attempts) == TRIES)
    assert ended(browser) == REFUSED
    assert len(server.attempts) == TRIES


@pytest.mark.parametrize('kinds', [(MAIN,), SUBORDINATE])
def test_refused_for_good(browser, page, before, kinds):
    """The page finally reports it, and the button starts as many attempts again."""
    server = before(lambda channel: (let_in, refuse)[channel.kind in kinds](channel))
    browser.get(page(port=server.port))
    assert ended(browser) == REFUSED
    assert len(server.attempts) == TRIES
    click(browser, 'reconnect')
    wait_for(lambda: len(server.attempts) == 2 * TRIES)
    assert ended(browser) == REFUSED


@pytest.mark.parametrize('kind', [MAIN, INPUTS])
def test_a_link_that_is_refused(browser, page, before, kind):
    """It is reported at once: another ticket would not help."""

    def order(channel):
        if channel.kind == kind:
            channel.refuse_link()
        else:
            let_in(channel)

    server = before(order)
    browser.get(page(port=server.port))
    assert ended(browser) == REFUSED
    assert len(server.attempts) == 1


def test_a_guest_that_always_ends(browser, page, before):
    """No channel is refused, and the page shows that the guest ended them."""
    server = before(Channel.end)
    browser.get(page(port=server.port))
    assert ended(browser) == 'The guest ended the console.'
    assert len(server.attempts) == TRIES
