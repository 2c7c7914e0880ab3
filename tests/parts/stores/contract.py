# SPDX-License-Identifier: Apache-2.0
"""What every store of authorizations does, whatever its database is.

The unit tests ask it of SQLite, the integration tests of every database.
"""

from __future__ import annotations

import contextlib
import hashlib
import subprocess
import sys
import threading
import uuid

import pytest
import sqlalchemy as sa

from console_ext import exceptions
from console_ext.exceptions import RefusalReason
from console_ext.store import migration, redemption
from console_ext.store.authorization import Lease, Loss
from console_ext.store.schema import AUTHORIZATIONS, SOCKETS
from console_ext.store.store import Store
from tests.parts.deployment import server_id
from tests.parts.stores.factories import (
    CLIENT,
    NOW,
    TTL_S,
    Clock,
    authorization,
    configuration,
    issued,
    new_token,
)

# Longer than a busy machine, or one that pauses, needs for a call.
TIMEOUT_S = 20
LEASE_S = 60
GRACE_S = 10
REJOIN_S = 60
RETENTION_S = 3600


def refusal(
    store: Store, token: str, console_type='serial', client=CLIENT
) -> RefusalReason:
    """Return the reason why the token is refused."""
    with pytest.raises(exceptions.TokenRefused) as caught:
        store.redeem(token, console_type, client)
    return caught.value.reason


def rejoinable(store: Store, token: str, console_type='serial') -> Lease:
    """Open a session that can be opened again."""
    return store.redeem(token, console_type, CLIENT, rejoinable=True)


def rejoin(store: Store, lease: Lease, type_='serial', client=CLIENT) -> Lease:
    """Open a session again with the key of a lease."""
    assert lease.rejoin_key is not None
    return store.rejoin(lease.rejoin_key.text, type_, client)


def rejoin_refusal(store: Store, lease: Lease, *args, **options) -> RefusalReason:
    """Return the reason why the key of a lease is refused."""
    with pytest.raises(exceptions.RejoinRefused) as caught:
        rejoin(store, lease, *args, **options)
    return caught.value.reason


class StoreContract:
    """A mixin for a test class whose fixture ``connection`` is a database URL."""

    @pytest.fixture
    def conf(self, connection):
        conf = configuration(connection, console_tokens={'timeout': TIMEOUT_S})
        migration.sync(conf)
        return conf

    @pytest.fixture
    def clock(self):
        return Clock()

    @pytest.fixture
    def store(self, conf, clock):
        store = Store(conf, clock.sql)
        yield store
        store.close()

    def rows(self, conf, table):
        engine = sa.create_engine(conf.database.connection)
        with engine.connect() as connection:
            rows = connection.execute(sa.select(table)).all()
        engine.dispose()
        return rows

    def test_gives_back_what_was_issued(self, store):
        for given in (
            authorization(user_id='ü'),
            authorization(
                'spice-html5',
                tls_port=5901,
                internal_access_path='/a' * 2048,
                host='2001:db8::1',
                cell='00000000-0000-4000-8000-0000000000ce',
            ),
        ):
            token = new_token()
            store.issue(token, given, TTL_S)
            assert (
                store.redeem(token, given.console_type, CLIENT).authorization == given
            )

    def test_stores_the_hash_only(self, conf, store):
        token = issued(store)
        store.redeem(token, 'serial', CLIENT)
        (row,) = self.rows(conf, AUTHORIZATIONS)
        assert row.token_hash == hashlib.sha256(token.encode()).hexdigest()
        assert token not in repr((row, self.rows(conf, SOCKETS)))

    def test_a_token_is_issued_once(self, store):
        """A second console with the same token must not replace the first."""
        token = issued(store, port=10001)
        with pytest.raises(exceptions.UnexpectedReply, match='compute-1'):
            store.issue(token, authorization(port=10002), TTL_S)
        assert store.redeem(token, 'serial', CLIENT).authorization.port == 10001

    def test_refuses_what_was_never_issued(self, store):
        for token in ('', 'x', new_token(), '\ud800', 'x' * 100_000, '\0'):
            assert refusal(store, token) is RefusalReason.UNKNOWN

    def test_refuses_another_type_and_does_not_use_it_up(self, store):
        token = issued(store, 'serial')
        assert refusal(store, token, 'spice-html5') is RefusalReason.WRONG_TYPE
        assert store.redeem(token, 'serial', CLIENT)

    def test_opens_until_it_expires(self, store, clock):
        first, second = issued(store), issued(store)
        clock.now = NOW + 599.9
        assert store.redeem(first, 'serial', CLIENT)
        clock.now = NOW + 600
        assert refusal(store, second) is RefusalReason.EXPIRED

    def test_finds_what_a_token_opens_until_it_expires(self, store, clock):
        """Reading does not use the token, and works after a redeem."""
        token = issued(store, 'spice-html5', tls_port=10002)
        expected = authorization('spice-html5', tls_port=10002)
        assert store.find(token) == store.find(token) == expected
        store.redeem(token, 'spice-html5', CLIENT)
        assert store.find(token) == expected
        clock.now += TTL_S - 0.01
        assert store.find(token) == expected
        clock.now += 0.02
        assert store.find(token) is None

    def test_finds_no_token_that_is_unknown_or_revoked(self, store):
        token = issued(store)
        assert store.find(new_token()) is None
        assert store.find('') is None
        store.revoke(server_id('01'))
        assert store.find(token) is None

    @pytest.mark.parametrize('ahead_s', [72 * 60, -72 * 60])
    def test_a_clock_that_is_wrong_decides_nothing(self, conf, ahead_s):
        """Another process's wrong clock does not matter: the database's time counts."""
        store = Store(conf)
        fresh = [issued(store) for _ in range(20)]
        live = [store.redeem(issued(store), 'serial', CLIENT) for _ in range(20)]
        redeemed, new = issued(store), new_token()
        what = (str(ahead_s), conf.database.connection, redeemed, new)
        result = subprocess.run(
            [sys.executable, '-m', 'tests.parts.stores.ahead', *what],
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (result.stderr, result.stdout) == ('', '0\n')
        assert store.keep(live) == {}
        assert refusal(store, redeemed) is RefusalReason.USED
        for token in [*fresh, new]:
            assert store.redeem(token, 'serial', CLIENT)
        times = {(row.issued, row.expires) for row in self.rows(conf, AUTHORIZATIONS)}
        assert all(ends - begins == pytest.approx(TTL_S) for begins, ends in times)
        begins = [begins for begins, _ in times]
        assert max(begins) - min(begins) < 60
        store.close()

    def test_a_serial_token_opens_one_session(self, store, clock):
        token = issued(store)
        lease = store.redeem(token, 'serial', CLIENT)
        assert refusal(store, token) is RefusalReason.USED
        store.release([lease])
        assert refusal(store, token) is RefusalReason.USED
        clock.now = NOW + 1e6
        assert refusal(store, token) is RefusalReason.USED

    def test_a_spice_token_is_joined_while_its_session_lives(self, store, clock):
        token = issued(store, 'spice-html5')
        first = store.redeem(token, 'spice-html5', CLIENT)
        second = store.redeem(token, 'spice-html5', f'::ffff:{CLIENT}')
        assert second.session_id == first.session_id
        assert second.socket_id != first.socket_id
        assert (
            refusal(store, token, 'spice-html5', '192.0.2.2')
            is RefusalReason.OTHER_CLIENT
        )
        # After the token has expired, which only limits the opening.
        for _ in range(20):
            clock.now += LEASE_S / 2
            assert store.keep([first]) == {}
        assert clock.now == NOW + 600
        assert store.redeem(token, 'spice-html5', CLIENT).session_id == first.session_id

    def test_a_spice_token_is_used_up_when_its_session_ends(self, store, clock):
        token = issued(store, 'spice-html5')
        leases = [store.redeem(token, 'spice-html5', CLIENT) for _ in range(2)]
        store.release([leases[0]])
        clock.now += LEASE_S - 1
        assert store.keep(leases[1:]) == {}
        clock.now += GRACE_S + 1
        store.release([leases[1]])
        clock.now += GRACE_S - 0.1
        leases.append(store.redeem(token, 'spice-html5', CLIENT))
        store.release([leases[2]])
        clock.now += GRACE_S
        assert refusal(store, token, 'spice-html5') is RefusalReason.USED

    def test_a_session_has_an_end(self, conf, clock):
        """The maximum duration counts from the first socket, for all sockets."""
        conf.set_override('max_session_time', 100, group='console_proxy')
        store = Store(conf, clock.sql)
        token = issued(store, 'spice-html5')
        clock.now += 300
        leases = [store.redeem(token, 'spice-html5', CLIENT)]
        assert leases[0].left_s == 100
        for left_s in (91, 82, 73, 64, 55, 46, 37, 28, 19, 10, 1):
            store.release(leases)
            clock.now += GRACE_S - 1
            leases = [store.redeem(token, 'spice-html5', CLIENT)]
            assert leases[0].left_s == left_s
        clock.now += 1
        assert store.keep(leases) == {}
        assert refusal(store, token, 'spice-html5') is RefusalReason.EXPIRED
        store.close()

    def test_a_session_that_came_to_nothing_has_not_begun(self, conf, clock):
        conf.set_override('max_session_time', 100, group='console_proxy')
        conf.set_override('spice_max_joins', 2, group='console_tokens')
        store = Store(conf, clock.sql)
        token = issued(store, 'spice-html5')
        for _ in range(9):
            clock.now += 60
            store.withdraw(store.redeem(token, 'spice-html5', CLIENT))
        assert store.redeem(token, 'spice-html5', CLIENT).left_s == 100
        assert store.redeem(token, 'spice-html5', CLIENT).left_s == 100
        store.close()

    def test_an_expired_authorization_ends_its_session(self, conf, clock):
        """If that is enforced."""
        conf.set_override('enforce_session_timeout', True, group='consoleauth')
        store = Store(conf, clock.sql)
        token = issued(store, 'spice-html5')
        clock.now += TTL_S - 10
        assert store.redeem(token, 'spice-html5', CLIENT).left_s == 10
        clock.now += 9
        assert store.redeem(token, 'spice-html5', CLIENT).left_s == 1
        clock.now += 1
        assert refusal(store, token, 'spice-html5') is RefusalReason.EXPIRED
        store.close()

    def test_a_session_lets_in_so_many_sockets_in_all(self, conf, clock):
        conf.set_override('spice_max_joins', 40, group='console_tokens')
        store = Store(conf, clock.sql)
        token = issued(store, 'spice-html5')
        first = store.redeem(token, 'spice-html5', CLIENT)
        for _ in range(39):
            store.release([store.redeem(token, 'spice-html5', CLIENT)])
        assert refusal(store, token, 'spice-html5') is RefusalReason.TOO_MANY_JOINS
        assert store.keep([first]) == {}
        store.close()

    def test_the_gaps_of_a_session_add_up(self, store, clock):
        """All gaps count, and gaps with a failed socket only once."""
        token = issued(store, 'spice-html5')
        lease = store.redeem(token, 'spice-html5', CLIENT)
        for _ in range(20):
            store.release([lease])
            clock.now += GRACE_S / 4
            store.withdraw(store.redeem(token, 'spice-html5', CLIENT))
            clock.now += GRACE_S / 4
            lease = store.redeem(token, 'spice-html5', CLIENT)
            # While the session has a socket, no gap is counted.
            clock.now += LEASE_S / 2
            assert store.keep([lease]) == {}
        store.release([lease])
        clock.now += 0.1
        assert refusal(store, token, 'spice-html5') is RefusalReason.USED

    def test_a_spice_session_has_a_cap_of_sockets(self, store, clock):
        token = issued(store, 'spice-html5')
        leases = [store.redeem(token, 'spice-html5', CLIENT) for _ in range(16)]
        assert refusal(store, token, 'spice-html5') is RefusalReason.TOO_MANY_SOCKETS
        store.release([leases.pop()])
        leases.append(store.redeem(token, 'spice-html5', CLIENT))
        assert refusal(store, token, 'spice-html5') is RefusalReason.TOO_MANY_SOCKETS
        assert len({lease.socket_id for lease in leases}) == 16

    def test_sockets_of_a_dead_proxy_stop_counting(self, store, clock):
        token = issued(store, 'spice-html5')
        leases = [store.redeem(token, 'spice-html5', CLIENT) for _ in range(16)]
        clock.now += LEASE_S - 1
        assert store.keep(leases[:1]) == {}
        clock.now += 1
        # 15 of them are lost, one proxy is alive.
        for _ in range(15):
            store.redeem(token, 'spice-html5', CLIENT)
        assert refusal(store, token, 'spice-html5') is RefusalReason.TOO_MANY_SOCKETS

    def test_a_session_of_dead_proxies_ends_with_its_leases(self, store, clock):
        token = issued(store, 'spice-html5')
        store.redeem(token, 'spice-html5', CLIENT)
        clock.now += LEASE_S + GRACE_S
        assert refusal(store, token, 'spice-html5') is RefusalReason.USED

    def test_a_proxy_that_was_cut_off_finds_its_sessions_again(self, store, clock):
        lease = store.redeem(issued(store), 'serial', CLIENT)
        clock.now += RETENTION_S / 2
        assert store.keep([lease]) == {}

    def test_a_second_release_does_not_open_the_grace_again(self, store, clock):
        token = issued(store, 'spice-html5')
        lease = store.redeem(token, 'spice-html5', CLIENT)
        store.release([lease])
        clock.now += GRACE_S
        store.release([lease])
        assert refusal(store, token, 'spice-html5') is RefusalReason.USED

    def test_a_redeem_that_nothing_came_of_is_undone(self, conf, store, clock):
        token = issued(store)
        store.withdraw(store.redeem(token, 'serial', CLIENT))
        assert self.rows(conf, SOCKETS) == []
        lease = store.redeem(token, 'serial', '192.0.2.2')
        assert refusal(store, token) is RefusalReason.USED
        store.release([lease])
        store.withdraw(lease)
        assert refusal(store, token) is RefusalReason.USED

    def test_undoing_leaves_a_session_that_others_have_joined(self, store, clock):
        token = issued(store, 'spice-html5')
        first = store.redeem(token, 'spice-html5', CLIENT)
        second = store.redeem(token, 'spice-html5', CLIENT)
        store.withdraw(first)
        assert (
            refusal(store, token, 'spice-html5', '192.0.2.2')
            is RefusalReason.OTHER_CLIENT
        )
        store.release([second])
        store.withdraw(store.redeem(token, 'spice-html5', CLIENT))
        clock.now += GRACE_S
        assert refusal(store, token, 'spice-html5') is RefusalReason.USED

    def test_undoing_is_not_leave_to_come_after_the_token_expired(self, store, clock):
        token = issued(store)
        lease = store.redeem(token, 'serial', CLIENT)
        clock.now = NOW + 600
        store.withdraw(lease)
        assert refusal(store, token) is RefusalReason.EXPIRED

    def test_threads_that_undo_and_redeem(self, conf, store):
        """In any order, at most one session has the token."""
        token = issued(store, 'spice-html5')

        def join_and_leave():
            for _ in range(5):
                store.withdraw(store.redeem(token, 'spice-html5', CLIENT))
            return store.redeem(token, 'spice-html5', CLIENT)

        results = run_at_once(8, join_and_leave)
        assert len({lease.session_id for lease in results}) == 1
        assert (
            refusal(store, token, 'spice-html5', '192.0.2.2')
            is RefusalReason.OTHER_CLIENT
        )
        assert len(self.rows(conf, SOCKETS)) == 8

    def test_revoking_reaches_tokens_and_sessions(self, store):
        unopened, serial = issued(store), issued(store)
        spice = issued(store, 'spice-html5')
        other = issued(store, server_id='another')
        leases = {
            store.redeem(serial, 'serial', CLIENT),
            store.redeem(spice, 'spice-html5', CLIENT),
            store.redeem(spice, 'spice-html5', CLIENT),
        }
        kept = store.redeem(other, 'serial', CLIENT)
        assert store.revoke(server_id('01')) == 3
        assert store.revoke(server_id('01')) == 0
        assert refusal(store, unopened) is RefusalReason.REVOKED
        assert refusal(store, spice, 'spice-html5') is RefusalReason.REVOKED
        assert store.keep({*leases, kept}) == dict.fromkeys(leases, Loss.REVOKED)

    def test_what_comes_between_reading_and_writing_counts(self, store, monkeypatch):
        decide = redemption.refusal
        meanwhile = []

        def slowly(*args):
            decided = decide(*args)
            while meanwhile:
                meanwhile.pop()()
            return decided

        monkeypatch.setattr(redemption, 'refusal', slowly)
        token = issued(store)
        meanwhile.append(lambda: store.redeem(token, 'serial', CLIENT))
        assert refusal(store, token) is RefusalReason.USED
        token = issued(store)
        meanwhile.append(lambda: store.revoke(server_id('01')))
        assert refusal(store, token) is RefusalReason.REVOKED

    def test_a_key_opens_a_session_again(self, store):
        """The token stays used.  Each use of the key gives the next one."""
        token = issued(store)
        lease = rejoinable(store, token)
        for _ in range(3):
            again = rejoin(store, lease)
            assert again.session_id == lease.session_id
            assert again.authorization == lease.authorization
            assert again.rejoin_key.text != lease.rejoin_key.text
            assert rejoin_refusal(store, lease) is RefusalReason.UNKNOWN
            assert refusal(store, token) is RefusalReason.USED
            assert store.keep([lease, again]) == {lease: Loss.REPLACED}
            lease = again

    def test_who_gets_a_key(self, conf, store, clock):
        assert store.redeem(issued(store), 'serial', CLIENT).rejoin_key is None
        assert rejoinable(store, issued(store, 'novnc'), 'novnc').rejoin_key
        token = issued(store, 'spice-html5')
        assert rejoinable(store, token, 'spice-html5').rejoin_key is None
        assert rejoinable(store, token, 'spice-html5').rejoin_key is None
        lease = rejoinable(store, issued(store))
        assert lease.rejoin_key.within_s == REJOIN_S
        conf.set_override('rejoin_grace', 0, group='console_tokens')
        without = Store(conf, clock.sql)
        assert rejoinable(without, issued(store)).rejoin_key is None
        assert rejoin_refusal(without, lease) is RefusalReason.EXPIRED
        without.close()

    def test_a_key_works_for_a_while_after_the_loss(self, store, clock):
        """And for as long as the session may still be open."""
        leases = [rejoinable(store, issued(store)) for _ in range(4)]
        clock.now += LEASE_S / 2
        store.keep(leases)
        store.release(leases[:2])
        clock.now += REJOIN_S - 1
        assert rejoin(store, leases[0])
        clock.now += 1
        assert rejoin_refusal(store, leases[1]) is RefusalReason.EXPIRED
        # The proxy of the others has died: its leases are not renewed.
        clock.now += REJOIN_S - 1
        assert rejoin(store, leases[2])
        clock.now += 1
        assert rejoin_refusal(store, leases[3]) is RefusalReason.EXPIRED

    def test_an_attempt_that_fails_does_not_extend_that(self, store, clock):
        lease = rejoinable(store, issued(store))
        store.release([lease])
        for _ in range(9):
            clock.now += REJOIN_S / 10
            store.withdraw(rejoin(store, lease))
        clock.now += REJOIN_S / 10
        assert rejoin_refusal(store, lease) is RefusalReason.EXPIRED

    def test_a_key_that_nothing_came_of_is_valid_again(self, conf, store, clock):
        """The time counts from the moment when the earlier socket was replaced."""
        lease = rejoinable(store, issued(store))
        clock.now += LEASE_S / 2
        failed = rejoin(store, lease)
        store.withdraw(failed)
        assert self.rows(conf, SOCKETS) == []
        assert rejoin_refusal(store, failed) is RefusalReason.UNKNOWN
        clock.now += REJOIN_S - 1
        again = rejoin(store, lease)
        # A late withdrawal, or a second one, does no harm.
        store.withdraw(failed)
        store.withdraw(lease)
        assert store.keep([again]) == {}
        assert rejoin_refusal(store, lease) is RefusalReason.UNKNOWN
        store.release([again])
        store.withdraw(again)
        assert rejoin(store, again)

    def test_a_session_that_came_to_nothing_has_no_key(self, store):
        token = issued(store)
        lease = rejoinable(store, token)
        store.withdraw(lease)
        assert rejoin_refusal(store, lease) is RefusalReason.UNKNOWN
        assert rejoinable(store, token)
        assert rejoin_refusal(store, lease) is RefusalReason.UNKNOWN

    def test_a_key_is_good_for_one_client_and_type(self, store):
        """Others do not use it up."""
        lease = rejoinable(store, issued(store))
        other = rejoin_refusal(store, lease, client='192.0.2.2')
        assert other is RefusalReason.OTHER_CLIENT
        assert rejoin_refusal(store, lease, 'novnc') is RefusalReason.WRONG_TYPE
        assert rejoin(store, lease, client=f'::ffff:{CLIENT}')

    def test_a_revoke_kills_the_key(self, store):
        """Also of a session without a socket."""
        leases = [rejoinable(store, issued(store)) for _ in range(3)]
        store.release(leases[:1])
        again = rejoin(store, leases[2])
        assert store.revoke(server_id('01')) == 3
        for lease in (leases[0], leases[1], again):
            assert rejoin_refusal(store, lease) is RefusalReason.REVOKED
        assert store.keep([*leases, again]) == dict.fromkeys(
            [*leases, again], Loss.REVOKED
        )

    def test_a_key_does_not_make_a_session_longer(self, conf, clock):
        """Its maximum duration counts from the first opening."""
        conf.set_override('max_session_time', 100, group='console_proxy')
        store = Store(conf, clock.sql)
        lease = rejoinable(store, issued(store))
        for left_s in (70, 40, 10):
            clock.now += 30
            lease = rejoin(store, lease)
            assert lease.left_s == left_s
        clock.now += 10
        assert rejoin_refusal(store, lease) is RefusalReason.EXPIRED
        store.close()

    def test_a_session_is_opened_again_so_often(self, store, monkeypatch):
        monkeypatch.setattr(redemption, 'MAX_REJOINS', 3)
        lease = rejoinable(store, issued(store))
        for _ in range(3):
            lease = rejoin(store, lease)
        assert rejoin_refusal(store, lease) is RefusalReason.TOO_MANY_JOINS

    def test_ends_of_replaced_sockets_count_for_nothing(self, conf, store, clock):
        """Their proxies may tell of them late."""
        lease = rejoinable(store, issued(store))
        again = rejoin(store, lease)
        store.release([lease])
        assert store.keep([again]) == {}
        clock.now += LEASE_S - 1
        store.keep([again])
        store.release([lease])
        clock.now += LEASE_S + REJOIN_S - 1
        assert rejoin(store, again)
        assert len(self.rows(conf, SOCKETS)) == 1

    def test_keys_and_tokens_are_different_things(self, conf, store):
        """A key is stored as a hash, and no request for a token finds it."""
        token = issued(store)
        key = rejoinable(store, token).rejoin_key.text
        assert store.find(key) is None
        assert refusal(store, key) is RefusalReason.UNKNOWN
        for text in (token, '', 'x', '\ud800', 'x' * 100_000, '\0'):
            with pytest.raises(exceptions.RejoinRefused) as caught:
                store.rejoin(text, 'serial', CLIENT)
            assert caught.value.reason is RefusalReason.UNKNOWN
        (row,) = self.rows(conf, AUTHORIZATIONS)
        assert row.rejoin_hash == hashlib.sha256(key.encode()).hexdigest()
        assert key not in repr((row, self.rows(conf, SOCKETS)))

    def test_one_of_many_threads_opens_again(self, conf, store):
        lease = rejoinable(store, issued(store))
        results = run_at_once(20, lambda: rejoin(store, lease))
        (again,) = [result for result in results if isinstance(result, Lease)]
        refused = [result for result in results if result is not again]
        assert {error.reason for error in refused} == {RefusalReason.UNKNOWN}
        assert store.keep([lease, again]) == {lease: Loss.REPLACED}
        assert len(self.rows(conf, SOCKETS)) == 1

    def test_threads_that_open_again_and_give_up(self, conf, store):
        """At any moment, one of them at most has the session."""
        lease = rejoinable(store, issued(store))
        store.release([lease])
        inside = threading.Semaphore(1)
        opened = []

        def rejoin_and_give_up():
            for _ in range(20):
                with contextlib.suppress(exceptions.RejoinRefused):
                    again = rejoin(store, lease)
                    assert inside.acquire(blocking=False)
                    opened.append(again)
                    inside.release()
                    store.withdraw(again)

        run_at_once(4, rejoin_and_give_up)
        assert opened
        assert rejoin(store, lease)
        assert len(self.rows(conf, SOCKETS)) == 1

    def test_a_revoke_while_a_session_is_opened_again(self, store, monkeypatch):
        decide = redemption.rejoin_refusal

        def slowly(*args):
            decided = decide(*args)
            store.revoke(server_id('01'))
            return decided

        monkeypatch.setattr(redemption, 'rejoin_refusal', slowly)
        lease = rejoinable(store, issued(store))
        assert rejoin_refusal(store, lease) is RefusalReason.REVOKED

    def test_keeps_many_and_names_the_lost(self, store):
        leases = [store.redeem(issued(store), 'serial', CLIENT) for _ in range(20)]
        strangers = {
            Lease(authorization(), uuid.uuid4().hex, uuid.uuid4().hex)
            for _ in range(1500)
        }
        assert store.keep([]) == {}
        assert store.keep({*leases, *strangers}) == dict.fromkeys(
            strangers, Loss.REVOKED
        )
        store.release([leases[3]])
        assert list(store.keep(leases)) == [leases[3]]

    def test_purges_what_is_over(self, conf, clock):
        conf.set_override('purge_batch', 2, group='console_tokens')
        store = Store(conf, clock.sql)
        for _ in range(5):
            issued(store)
        ended = store.redeem(issued(store), 'serial', CLIENT)
        store.redeem(issued(store), 'serial', CLIENT)  # its proxy dies
        # Live sessions are first in the queue, and are skipped.
        lasting = [
            store.redeem(issued(store, ttl_s=1), 'serial', CLIENT) for _ in range(3)
        ]
        assert store.purge() == 0
        clock.now = NOW + 600 + RETENTION_S - LEASE_S
        store.release([ended])
        store.keep(lasting)
        issued(store)
        clock.now = NOW + 600 + RETENTION_S + 1
        assert store.purge() == 6
        assert len(self.rows(conf, AUTHORIZATIONS)) == 5
        assert store.keep(lasting) == {}
        clock.now += RETENTION_S
        assert store.keep(lasting) == {}
        assert store.purge() == 1
        assert len(self.rows(conf, SOCKETS)) == 3
        clock.now += LEASE_S + RETENTION_S + 1
        assert store.purge() == 4
        assert store.purge() == 0
        assert self.rows(conf, SOCKETS) == []
        assert store.keep(lasting) == dict.fromkeys(lasting, Loss.REVOKED)
        store.close()

    def test_purges_no_session_that_can_be_opened_again(self, conf, clock):
        """Even if its key lasts longer than the retention."""
        conf.set_override('retention', 60, group='console_tokens')
        conf.set_override('rejoin_grace', 600, group='console_tokens')
        store = Store(conf, clock.sql)
        lease = rejoinable(store, issued(store, ttl_s=1))
        store.release([lease])
        clock.now = NOW + 599
        assert store.purge() == 0
        store.release([rejoin(store, lease)])
        clock.now += 601
        assert store.purge() == 1
        store.close()

    def test_one_of_many_threads_opens(self, store):
        token = issued(store)
        results = run_at_once(20, lambda: store.redeem(token, 'serial', CLIENT))
        assert sum(isinstance(result, Lease) for result in results) == 1
        refused = [result for result in results if not isinstance(result, Lease)]
        assert {error.reason for error in refused} == {RefusalReason.USED}

    def test_threads_join_up_to_the_cap(self, conf, clock, store):
        # Each call has to happen between all others, on a busy machine.
        conf.set_override('timeout', TIMEOUT_S, group='console_tokens')
        store = Store(conf, clock.sql)
        token = issued(store, 'spice-html5')
        results = run_at_once(24, lambda: store.redeem(token, 'spice-html5', CLIENT))
        leases = [result for result in results if isinstance(result, Lease)]
        refused = [result for result in results if not isinstance(result, Lease)]
        assert len(leases) == 16
        assert len({lease.session_id for lease in leases}) == 1
        assert {error.reason for error in refused} == {RefusalReason.TOO_MANY_SOCKETS}
        run_at_once(4, lambda: [store.release([lease]) for lease in leases])
        assert self.rows(conf, SOCKETS) == []
        store.close()

    def test_without_tables_it_is_unavailable(self, connection, caplog):
        """If ``db sync`` was not run, the log names what is missing."""
        store = Store(configuration(connection))
        with pytest.raises(exceptions.StoreUnavailable):
            issued(store)
        assert AUTHORIZATIONS.name in caplog.text
        store.close()


def run_at_once(number: int, function) -> list:
    """Return the results, or the TokenRefused, of this many threads."""
    barrier = threading.Barrier(number)
    results = []

    def run():
        barrier.wait()
        try:
            results.append(function())
        except exceptions.TokenRefused as error:
            results.append(error)

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == number
    return results
