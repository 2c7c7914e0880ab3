# SPDX-License-Identifier: Apache-2.0
"""The clients of a site, in separate processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.soak import servers, tokens
from bench.soak.attackers import KINDS
from bench.soak.generator import READY, Plan
from bench.soak.samples import Samples
from bench.soak.servers import Servers
from bench.soak.site import Site
from tests.parts.programs import Program

_START_S = 120
# The time to wait for the last openings and echoes, and to write the results.
_FINISH_S = 120
# How long tokens are valid after the end of the run.
_VALID_S = 3600

_USERS = 'users'


@dataclass(frozen=True, slots=True)
class Scale:
    """The amount of load from a site's users.

    :param key_every_s: seconds between two keys of a session
    :param seconds: the maximum running time of clients
    """

    sessions: int
    key_every_s: float
    openings_per_s: float
    seconds: float


class Load:
    """
    :param network: the second byte of the users' addresses; the next bytes are for
        attackers
    """

    def __init__(self, site: Site, scale: Scale, network: int):
        self.site = site
        self._scale = scale
        self._network = network
        self._users: Program | None = None
        self._attackers: dict[str, Program] = {}

    def plan(self, attackers: Iterable[str]) -> None:
        """Issue the tokens for the whole run; issuing them during it would be a load.

        :param attackers: the names of the attackers that may be started
        """
        scale = self._scale
        openings = int(scale.openings_per_s * scale.seconds)
        plan = self._plan(_USERS, 2 * scale.sessions + openings, servers.healthy)
        plan.sessions = scale.sessions
        plan.key_every_s = scale.key_every_s
        plan.openings_per_s = scale.openings_per_s
        plan.write(self._plan_file(_USERS))
        for number, name in enumerate(attackers, 1):
            kind = KINDS[name]
            of_host = servers.dead if kind.of_dead_host else servers.attacked
            plan = self._plan(name, kind.all_tokens(scale.seconds), of_host)
            plan.network += number
            plan.write(self._plan_file(name))

    def start_users(self) -> None:
        """Start the users; :meth:`wait_for_users` waits for their sessions."""
        self._users = self._start('users', self._plan_file(_USERS))

    def wait_for_users(self) -> None:
        self.users.wait_for(READY, _START_S + self._scale.sessions)

    @property
    def users(self) -> Program:
        assert self._users is not None
        return self._users

    def start_attackers(self, name: str) -> None:
        """Start attackers and wait until they have begun."""
        program = self._start('attackers', name, self._plan_file(name))
        program.wait_for(READY, _START_S)
        self._attackers[name] = program

    def stop_attackers(self) -> dict[str, str]:
        """
        :returns: the results of each attacker, by its name
        """
        stopped, self._attackers = self._attackers, {}
        for program in stopped.values():
            program.process.terminate()
        for program in stopped.values():
            program.stop(timeout_s=_FINISH_S)
        return {name: self._result(name).read_text() for name in stopped}

    def stop_users(self) -> None:
        """Tell the users to finish; :meth:`samples` waits for their end."""
        self.users.process.terminate()

    def samples(self) -> Samples:
        """
        :raises RuntimeError: the users have failed
        """
        if self.users.process.wait(_FINISH_S):
            raise RuntimeError(f'The users have failed:\n{self.users.log[-2000:]}')
        return Samples.read(self._result(_USERS))

    def check(self) -> None:
        """
        :raises RuntimeError: clients or a service of the site have ended
        """
        for one in (*self.site.parts, self.users, *self._attackers.values()):
            if one.process.poll() is not None:
                raise RuntimeError(f'A part has ended:\n{one.log[-2000:]}')

    def _plan(self, name: str, count: int, of_host: Callable[[int], Servers]) -> Plan:
        site, seconds = self.site, self._scale.seconds
        entries = of_host(site.guest_port)
        return Plan(
            doors=site.doors,
            network=self._network,
            tokens=tokens.issue(site.database, count, entries, seconds + _VALID_S),
            ends_at=time.monotonic() + seconds,
            result=str(self._result(name)),
        )

    def _start(self, module: str, *args: str | Path) -> Program:
        return self.site.programs.start_module(f'bench.soak.{module}', *map(str, args))

    def _plan_file(self, name: str) -> Path:
        return self.site.directory / f'{name}.plan'

    def _result(self, name: str) -> Path:
        return self.site.directory / f'{name}.json'
