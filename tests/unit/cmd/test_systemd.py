# SPDX-License-Identifier: Apache-2.0
"""Notifications to systemd on a real datagram socket."""

import socket
import time

import pytest

from console_ext.cmd.systemd import Notifier


@pytest.fixture(params=['/', '@'], ids=['path', 'abstract'])
def manager(request, tmp_path):
    """A socket like systemd's, and its address for NOTIFY_SOCKET."""
    address = f'{request.param}{str(tmp_path)[1:]}/notify'
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiving:
        receiving.bind(address.replace('@', '\0'))
        receiving.settimeout(30)
        yield receiving, address


def test_messages(manager):
    """Each message is one datagram, as in sd_notify(3)."""
    receiving, address = manager
    notifier = Notifier(address)
    notifier.ready()
    before = time.monotonic_ns() // 1000
    with notifier.reloading():
        pass
    notifier.stopping(9.5)
    assert receiving.recv(4096) == b'READY=1'
    reloading, usec = receiving.recv(4096).decode().splitlines()
    assert reloading == 'RELOADING=1'
    assert usec.startswith('MONOTONIC_USEC=')
    assert before <= int(usec.partition('=')[2]) <= time.monotonic_ns() // 1000
    assert receiving.recv(4096) == b'READY=1'
    assert receiving.recv(4096) == b'STOPPING=1\nEXTEND_TIMEOUT_USEC=14500000'


def test_a_reload_before_the_program_is_ready(manager):
    """systemd is told neither of the reload nor that the program is ready."""
    receiving, address = manager
    notifier = Notifier(address)
    with notifier.reloading():
        pass
    notifier.stopping(0)
    assert receiving.recv(4096).startswith(b'STOPPING=1')


def test_of_the_environment(manager, monkeypatch):
    """NOTIFY_SOCKET names the socket."""
    receiving, address = manager
    monkeypatch.setenv('NOTIFY_SOCKET', address)
    Notifier.of_environment().ready()
    assert receiving.recv(4096) == b'READY=1'


def test_without_systemd(monkeypatch, caplog):
    """There is no notification and no log line."""
    monkeypatch.delenv('NOTIFY_SOCKET', raising=False)
    Notifier.of_environment().ready()
    assert caplog.text == ''


@pytest.mark.parametrize(
    'address', ['/nonexistent/notify', '@' + 'x' * 200, 'vsock:2:1']
)
def test_a_socket_that_cannot_be_used(address, caplog):
    """The program continues; the log has the message that was not sent."""
    Notifier(address).ready()
    assert 'Cannot send READY=1 to systemd' in caplog.text


def test_a_manager_that_does_not_read(manager, caplog):
    """Sending has a time limit."""
    _, address = manager
    notifier = Notifier(address, timeout_s=0.01)
    for _ in range(10000):
        notifier.ready()
        if caplog.text:
            break
    assert 'Cannot send READY=1 to systemd' in caplog.text
