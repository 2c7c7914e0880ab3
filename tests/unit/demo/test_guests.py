# SPDX-License-Identifier: Apache-2.0
"""The servers of the demo, with and without a virtual machine."""

from __future__ import annotations

import pytest

from console_ext import exceptions
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5
from console_ext.demo.guests import NO_QEMU, Guests
from console_ext.demo.machine import VirtualMachine


@pytest.fixture
def guests(tmp_path):
    guests = Guests(tmp_path)
    yield guests
    guests.stop()


def kinds(guests):
    return [(one.server, one.type) for one in guests.consoles()]


def test_without_qemu(guests, monkeypatch):
    monkeypatch.setattr(VirtualMachine, 'is_installed', staticmethod(lambda: False))
    guests.start()
    assert guests.missing == NO_QEMU
    assert kinds(guests) == [('web-1', SERIAL)]
    assert [one['name'] for one in guests.servers()] == ['web-1', 'db-1']


@pytest.mark.parametrize('starts', [True, False])
def test_with_qemu(guests, monkeypatch, starts):
    """A machine that does not start, for example without SPICE, counts as missing."""

    def start(self):
        if not starts:
            raise exceptions.ConfigurationError('qemu does not start: no spice')

    monkeypatch.setattr(VirtualMachine, 'is_installed', staticmethod(lambda: True))
    monkeypatch.setattr(VirtualMachine, 'start', start)
    guests.start()
    if starts:
        assert guests.missing is None
        assert kinds(guests)[1:] == [
            ('vm-1', SERIAL),
            ('vm-1', NOVNC),
            ('vm-1', SPICE_HTML5),
        ]
    else:
        assert 'because qemu does not start: no spice.' in guests.missing
        assert len(kinds(guests)) == 1
