# SPDX-License-Identifier: Apache-2.0
"""The servers of the demo, with and without a virtual machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from console_ext import exceptions
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5
from console_ext.demo.guests import NO_QEMU, Guests
from console_ext.demo.linux import Linux, Missing
from console_ext.demo.machine import VirtualMachine

LINUX = Linux(Path('/boot/vmlinuz'), Path('/bin/busybox'), frozenset())


@pytest.fixture
def booted(monkeypatch):
    """What the machine has booted; it starts, unless a test changes that."""
    booted = []
    monkeypatch.setattr(VirtualMachine, 'is_installed', staticmethod(lambda: True))
    monkeypatch.setattr(
        VirtualMachine, 'start', lambda self, linux: booted.append(linux)
    )
    monkeypatch.setattr(Linux, 'find', staticmethod(lambda: LINUX))
    return booted


@pytest.fixture
def guests(booted, tmp_path):
    guests = Guests(tmp_path)
    yield guests
    guests.stop()


def kinds(guests):
    return [(one.server, one.type) for one in guests.consoles()]


@pytest.fixture
def without_linux(monkeypatch):
    def find():
        raise Missing('install this and that')

    monkeypatch.setattr(Linux, 'find', find)


@pytest.fixture
def without_qemu(booted, monkeypatch):
    monkeypatch.setattr(VirtualMachine, 'is_installed', staticmethod(lambda: False))


def test_linux(guests, booted):
    guests.start()
    assert booted == [LINUX]
    assert guests.missing is None
    assert kinds(guests) == [
        ('web-1', SERIAL),
        ('vm-1', SERIAL),
        ('vm-1', NOVNC),
        ('vm-1', SPICE_HTML5),
    ]
    assert 'log in as ada with the password secret' in guests.log_in


def test_only_the_firmware(guests, booted, without_linux):
    guests.start()
    assert booted == [None]
    assert guests.missing == (
        'vm-1 has no operating system, only its firmware. To boot Linux on it, install '
        'this and that, and start the demo again.'
    )
    assert ('vm-1', SERIAL) in kinds(guests)
    assert 'ada' not in guests.log_in


def test_without_qemu(guests, booted, without_qemu):
    guests.start()
    assert booted == []
    assert guests.missing == NO_QEMU
    assert kinds(guests) == [('web-1', SERIAL)]
    assert [one['name'] for one in guests.servers()] == ['web-1', 'db-1']
    assert 'vm-1' not in guests.log_in


def test_without_anything(guests, without_qemu, without_linux):
    """Everything to install is named at once."""
    guests.start()
    assert guests.missing == (
        f'{NO_QEMU} To boot Linux on it, also install this and that.'
    )


def test_machine_that_does_not_start(guests, monkeypatch):
    """A QEMU without SPICE, for example, counts as missing."""

    def start(self, linux):
        raise exceptions.ConfigurationError('qemu does not start: no spice')

    monkeypatch.setattr(VirtualMachine, 'start', start)
    guests.start()
    assert 'because qemu does not start: no spice.' in guests.missing
    assert kinds(guests) == [('web-1', SERIAL)]
    assert 'vm-1' not in guests.log_in


def test_terminal_of_the_machine(guests):
    """Its port is that of the line, which keeps the machine's output."""
    guests.start()
    serial = guests.servers()[2]['consoles'][SERIAL.protocol]
    assert serial['port'] == guests._line.port
