# SPDX-License-Identifier: Apache-2.0
"""What the demo reports as missing, and its options."""

from __future__ import annotations

import pytest

from console_ext.cmd import demo
from console_ext.consoles import NOVNC, SERIAL, SPICE_HTML5
from console_ext.demo.guests import Guests
from console_ext.proxy.consoles import assets


@pytest.fixture
def guests(tmp_path):
    guests = Guests(tmp_path)
    guests.missing = None
    return guests


def test_nothing_is_missing(guests):
    assert demo._missing(guests, []) == []


def test_each_thing_that_is_missing(guests):
    """One sentence for each, with the package to install."""
    guests.missing = 'There is no machine.'
    machine, pages, vnc, spice = demo._missing(guests, [SPICE_HTML5, SERIAL, NOVNC])
    assert machine == 'There is no machine.'
    assert pages.startswith(assets.MISSING)
    assert 'terminal client' in pages
    assert 'install novnc' in vnc
    assert 'install spice-html5' in spice


def test_command_of_the_client(monkeypatch, tmp_path):
    """By name if a shell finds the command, otherwise by path."""
    monkeypatch.setattr('sys.argv', [str(tmp_path / 'console-ext-demo')])
    monkeypatch.setenv('PATH', '')
    assert demo._client() == 'console-ext'
    client = tmp_path / 'console-ext'
    client.touch(0o755)
    assert demo._client() == str(client)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert demo._client() == 'console-ext'


@pytest.mark.parametrize('port', ['0', '65536', '-1', 'x', ''])
def test_what_is_no_port(capsys, port):
    with pytest.raises(SystemExit):
        demo._parse([f'--port={port}'])
    error = capsys.readouterr().err
    assert f'argument --port: {port!r} is not a number from 1 to 65535' in error


def test_ports_and_browser():
    assert demo._parse([])[1] is False
    ports, opens_browser = demo._parse(['--open', '--vnc-port', '7'])
    assert (ports.api, ports.vnc, opens_browser) == (8774, 7, True)
