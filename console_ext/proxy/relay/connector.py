# SPDX-License-Identifier: Apache-2.0
"""Connects to a guest's console."""

from __future__ import annotations

import asyncio
import errno
import re
import socket
from dataclasses import dataclass
from typing import Any

from console_ext import exceptions
from console_ext.executor import BoundedExecutor, Busy
from console_ext.lanes import Lanes
from console_ext.proxy import networks
from console_ext.proxy.networks import Networks
from console_ext.proxy.relay import keepalive
from console_ext.store.authorization import Authorization

MAX_ANSWER_BYTES = 8192

# DNS look-ups at the same time; each name uses at most one thread.
MAX_LOOK_UPS = 16
MAX_WAITING_PER_NAME = 256

_PATH = re.compile(r'[!-~]{1,4096}', re.ASCII)
_ACCEPTED = re.compile(rb'HTTP/1\.[01] 200[ \r]')
_END = b'\r\n\r\n'


@dataclass(frozen=True, slots=True)
class Target:
    """
    :param early: what the guest has sent already
    :param deadline: for opening the console, on the event loop's clock
    """

    socket: socket.socket
    early: bytes
    deadline: float


class Connector:
    """
    :param allowed: networks that consoles may be in; empty for all
    :param timeout_s: for opening a console, including handshakes
    """

    def __init__(self, allowed: Networks, timeout_s: float):
        self._allowed = allowed
        self._timeout_s = timeout_s
        self._executor = BoundedExecutor(
            MAX_LOOK_UPS, 'console-names', MAX_LOOK_UPS * MAX_WAITING_PER_NAME
        )
        self._look_ups = Lanes(self._executor, 1, MAX_WAITING_PER_NAME)

    def close(self) -> None:
        """End the threads for DNS look-ups."""
        self._executor.shutdown(wait=False, cancel_futures=True)

    async def connect(self, authorization: Authorization, port: int) -> Target:
        """
        :param port: one of the ports in the authorization
        :raises TargetForbidden, TargetUnreachable, ProxyBusy:
        """
        host = authorization.host
        deadline = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(deadline):
                addresses = await self._addresses(host, port)
                connected = await _first(addresses, port, self._timeout_s)
                try:
                    early = b''
                    if authorization.internal_access_path is not None:
                        early = await _send_connect(
                            connected, authorization.internal_access_path
                        )
                except BaseException:
                    connected.close()
                    raise
        except TimeoutError:
            raise exceptions.TargetUnreachable(host, port, 'timed out') from None
        except (OSError, ValueError) as error:
            if getattr(error, 'errno', None) in (errno.EMFILE, errno.ENFILE):
                # No file descriptor is free: not the guest's fault.
                raise exceptions.ProxyBusy from None
            raise exceptions.TargetUnreachable(host, port, str(error)) from None
        return Target(connected, early, deadline)

    async def _addresses(self, host: str, port: int) -> list[str]:
        """The addresses of a host, without those that are not allowed.

        The connection then uses the checked address, not the name: a second look-up
        could return a different address.
        """
        if networks.address(host) is not None:
            found = [host]
        else:
            entries = await self._look_up(host, port)
            found = [str(entry[4][0]) for entry in entries]
        if self._allowed:
            found = [text for text in found if networks.address(text) in self._allowed]
            if not found:
                raise exceptions.TargetForbidden(host)
        return found

    async def _look_up(self, host: str, port: int) -> list[Any]:
        """
        :raises OSError: the name has no address
        """
        try:
            found = self._look_ups.submit(
                host, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            )
        except Busy:
            raise exceptions.ProxyBusy from None
        return await asyncio.wrap_future(found)


async def _first(addresses: list[str], port: int, timeout_s: float) -> socket.socket:
    """Connect to the first address that accepts a connection.

    :param timeout_s: divided among the addresses, because one may not answer
    """
    failure = OSError('its name has no address')
    for address in addresses:
        try:
            async with asyncio.timeout(timeout_s / len(addresses)):
                return await _connected(address, port)
        except OSError as error:
            failure = error
    raise failure


async def _connected(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ':' in address else socket.AF_INET
    connecting = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        connecting.setblocking(False)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Detect a compute host that has failed, also while keys are on their way to it.
        keepalive.switch_on(connecting)
        keepalive.limit_unacknowledged(connecting, keepalive.GONE_S)
        await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except BaseException:
        connecting.close()
        raise
    return connecting


async def _send_connect(connected: socket.socket, path: str) -> bytes:
    """Do the CONNECT handshake of a hypervisor that multiplexes consoles.

    :returns: what the hypervisor sent after its answer
    :raises ValueError: the path is invalid, or the hypervisor refuses it
    """
    if not _PATH.fullmatch(path):
        raise ValueError('its internal access path is invalid')
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connected, f'CONNECT {path} HTTP/1.1\r\n\r\n'.encode())
    answer = b''
    while _END not in answer:
        if len(answer) > MAX_ANSWER_BYTES:
            raise ValueError('its answer to CONNECT is too long')
        received = await loop.sock_recv(connected, MAX_ANSWER_BYTES)
        if not received:
            raise ValueError('it closed the connection instead of answering CONNECT')
        answer += received
    answer, _, early = answer.partition(_END)
    if not _ACCEPTED.match(answer + b'\r'):
        raise ValueError('it refused the CONNECT request')
    return early
