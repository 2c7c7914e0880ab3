# SPDX-License-Identifier: Apache-2.0
"""The virtual machine, tested without QEMU."""

import os
import socket
import sys
import time

import pytest

from console_ext import exceptions
from console_ext.demo.machine import VirtualMachine

# Listens on the given ports one after the other, as QEMU would.
LISTENING = """
import re, socket, sys, time

line = ' '.join(sys.argv)
spice = int(re.search(r'port=([0-9]+),addr', line)[1])
vnc = 5900 + int(re.search(r'-vnc 127.0.0.1:([0-9]+)', line)[1])
with socket.create_server(('127.0.0.1', spice)):
    time.sleep(0.5)
    with socket.create_server(('127.0.0.1', vnc)):
        time.sleep(60)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Install a program with QEMU's name on the path."""

    def program(source):
        folder = tmp_path / 'bin'
        folder.mkdir()
        path = folder / 'qemu-system-x86_64'
        path.write_text(f'#!{sys.executable}\n{source}')
        path.chmod(0o755)
        monkeypatch.setenv('PATH', f'{folder}{os.pathsep}{os.environ["PATH"]}')

    return program


def test_whether_it_is_installed(program, monkeypatch):
    """It is searched for as in a shell."""
    monkeypatch.setenv('PATH', '')
    assert not VirtualMachine.is_installed()
    program('')
    assert VirtualMachine.is_installed()


def test_start_and_stop(program, tmp_path):
    """It is ready when it listens, and gone when it is stopped."""
    program(LISTENING)
    machine = VirtualMachine(tmp_path)
    machine.start()
    assert len({machine.serial_port, machine.spice_port, machine.vnc_port}) == 3
    for port in (machine.spice_port, machine.vnc_port):
        socket.create_connection(('127.0.0.1', port), timeout=5).close()
    assert machine._process.poll() is None
    machine.stop()
    assert machine._process.poll() is not None
    machine.stop()


@pytest.mark.parametrize(
    ('source', 'said'),
    [
        ("import sys\nsys.exit('one\\nno such device')", 'no such device'),
        ('', 'no message'),
    ],
)
def test_machine_that_does_not_start(program, tmp_path, source, said):
    """The error has the last line of its output, without a wait."""
    program(source)
    started = time.monotonic()
    with pytest.raises(exceptions.ConfigurationError) as caught:
        VirtualMachine(tmp_path).start()
    assert str(caught.value) == f'qemu-system-x86_64 does not start: {said}'
    assert time.monotonic() - started < 10


def test_no_directory_for_its_log(program, tmp_path):
    """As after Ctrl-C during the start."""
    program('')
    with pytest.raises(exceptions.ConfigurationError, match='No such file'):
        VirtualMachine(tmp_path / 'absent').start()


def test_ctrl_c_does_not_reach_it(program, tmp_path):
    """It has a process group of its own."""
    program(LISTENING)
    machine = VirtualMachine(tmp_path)
    machine.start()
    assert os.getsid(machine._process.pid) == machine._process.pid
    machine.stop()


def test_stop_before_the_start(tmp_path):
    """Nothing happens."""
    VirtualMachine(tmp_path).stop()
