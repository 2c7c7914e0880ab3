# SPDX-License-Identifier: Apache-2.0
"""The connections without a session."""

from __future__ import annotations

import asyncio

from console_ext.proxy.http.connections import MIN_ROUNDS, ROUND_S, Connections


class Connection:
    def __init__(self, of: Connections):
        self.ended = ''
        self._connections = of
        of.wait(self)

    def abort(self):
        self.ended = 'aborted'
        self._connections.leave(self)

    def stop(self):
        self.ended = 'stopped'


class Clock(asyncio.SelectorEventLoop):
    """An event loop with a time that the test sets."""

    now = 0.0

    def time(self):
        return self.now


def run(main) -> None:
    """Run a test in this event loop."""

    async def call():
        main(asyncio.get_running_loop())

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(call())


def let_pass(clock, here, rounds=MIN_ROUNDS) -> None:
    """Let a number of rounds pass."""
    for _ in range(rounds):
        clock.now += 2 * ROUND_S
        here.turn()


def test_the_oldest_makes_room():
    """Not the newest, which may be a well-behaved client."""

    def main(clock):
        here = Connections(2)
        connections = []
        for _ in range(4):
            connections.append(Connection(here))
            let_pass(clock, here)
        assert [one.ended for one in connections] == ['aborted', 'aborted', '', '']

    run(main)


def test_nobody_makes_room_at_once():
    """Clients that connect together do not replace each other."""

    def main(clock):
        here = Connections(2)
        connections = [Connection(here) for _ in range(2)]
        assert not here.has_room()
        assert not here.make_room()
        let_pass(clock, here)
        assert here.has_room()
        connections += [Connection(here) for _ in range(2)]
        assert [one.ended for one in connections] == ['aborted', 'aborted', '', '']
        assert not here.has_room()
        here.leave(connections[3])
        assert here.has_room()

    run(main)


def test_a_blocked_event_loop_does_not_make_room():
    """After the event loop was blocked, received data is read first."""

    def main(clock):
        here = Connections(1)
        Connection(here)
        clock.now += 60
        here.turn()
        here.turn()
        assert not here.has_room()
        let_pass(clock, here, MIN_ROUNDS - 2)
        assert not here.has_room()
        let_pass(clock, here, 1)
        assert here.has_room()

    run(main)


def test_waiting_again():
    """A connection that waits again has its time anew."""

    def main(clock):
        here = Connections(2)
        connections = [Connection(here) for _ in range(2)]
        let_pass(clock, here)
        here.wait(connections[0])
        Connection(here)
        assert [one.ended for one in connections] == ['', 'aborted']

    run(main)


def test_make_room():
    """Also below the limit, to free a file descriptor."""

    def main(clock):
        here = Connections(10)
        assert not here.make_room()
        connections = [Connection(here) for _ in range(2)]
        let_pass(clock, here)
        assert here.make_room()
        assert [one.ended for one in connections] == ['aborted', '']

    run(main)


def test_stop():
    """All current connections are stopped, and none that has left."""

    def main(_):
        here = Connections(10)
        connections = [Connection(here) for _ in range(2)]
        here.leave(connections[0])
        here.stop()
        assert [one.ended for one in connections] == ['', 'stopped']

    run(main)


def test_empty():
    """Admissions are cancelled and clean up; then their connections are closed."""
    cleaned = []

    async def opening():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    async def run():
        here = Connections(10)
        connection = Connection(here)
        here.open(connection, opening())
        await asyncio.sleep(0)
        here.stop()
        assert connection.ended == ''
        await here.empty()
        assert connection.ended == 'aborted'

    asyncio.run(run())
    assert cleaned == [True]
