# SPDX-License-Identifier: Apache-2.0
"""The virtual machine, tested without QEMU."""

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from console_ext import exceptions
from console_ext.demo import machine as machines
from console_ext.demo.linux import Linux
from console_ext.demo.machine import VirtualMachine
from tests.parts.waiting import wait_for

# Listens on the given ports one after the other, as QEMU would.  It writes its
# arguments to a file, and ends when it finds another one.
LISTENING = r"""
import os, re, socket, sys, time

with open('arguments', 'w') as written:
    written.write('\n'.join(sys.argv[1:]))
line = ' '.join(sys.argv)
spice = int(re.search(r'port=([0-9]+),addr', line)[1])
vnc = 5900 + int(re.search(r'-vnc 127.0.0.1:([0-9]+)', line)[1])
with socket.create_server(('127.0.0.1', spice)):
    time.sleep(0.2)
    with socket.create_server(('127.0.0.1', vnc)):
        while not os.path.exists('power-off'):
            time.sleep(0.01)
os.remove('power-off')
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """Install a program with QEMU's name on the path."""

    def program(source):
        monkeypatch.chdir(tmp_path)
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


def test_its_ports_are_given_to_nobody_else(tmp_path):
    """Neither to another machine nor to a client of anything on this computer."""
    given = Path('/proc/sys/net/ipv4/ip_local_port_range').read_text()
    made = [VirtualMachine(tmp_path) for _ in range(20)]
    ports = [
        port for one in made for port in (one.serial_port, one.spice_port, one.vnc_port)
    ]
    assert 5900 < min(ports) <= max(ports) < int(given.split()[0])
    for one in made:
        assert len({one.serial_port, one.spice_port, one.vnc_port}) == 3


def test_no_port_is_free(tmp_path, monkeypatch):
    with socket.create_server(('127.0.0.1', 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(machines, '_PORTS', range(port, port + 1))
        with pytest.raises(exceptions.ConfigurationError, match='no port of 127'):
            VirtualMachine(tmp_path)


def test_start_and_stop(program, tmp_path):
    """It is ready when it listens, and gone when it is stopped."""
    program(LISTENING)
    machine = VirtualMachine(tmp_path)
    machine.start()
    assert len({machine.serial_port, machine.spice_port, machine.vnc_port}) == 3
    for port in (machine.spice_port, machine.vnc_port):
        socket.create_connection(('127.0.0.1', port), timeout=30).close()
    assert machine._process.poll() is None
    machine.stop()
    assert machine._process.poll() is not None
    machine.stop()


@pytest.mark.wall_clock
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


@pytest.fixture
def linux(tmp_path):
    busybox = tmp_path / 'busybox'
    busybox.write_bytes(b'the program')
    return Linux(Path('/boot/vmlinuz'), busybox, frozenset({'sh'}))


@pytest.fixture
def machine(program, tmp_path):
    """A machine that is not started, with a program in place of QEMU."""
    program(LISTENING)
    machine = VirtualMachine(tmp_path)
    yield machine
    machine.stop()


def arguments():
    return Path('arguments').read_text().splitlines()


def test_it_boots_linux(machine, linux, tmp_path):
    machine.start(linux)
    found = arguments()
    assert found[found.index('-kernel') + 1] == '/boot/vmlinuz'
    archive = Path(found[found.index('-initrd') + 1])
    assert archive.parent == tmp_path
    assert b'the program' in archive.read_bytes()
    assert 'console=ttyS0' in found[found.index('-append') + 1]
    assert '-nic' not in found


def test_it_boots_its_firmware(machine):
    machine.start()
    assert '-kernel' not in arguments()
    assert '-nic' in arguments()


def test_a_busybox_that_vanishes(machine, linux):
    linux.busybox.unlink()
    with pytest.raises(exceptions.ConfigurationError, match='its files cannot be made'):
        machine.start(linux)


def test_powered_off(machine, monkeypatch):
    """It starts again, with the same ports, until it is stopped."""
    monkeypatch.setattr(machines, '_SHORTEST_RUN_S', 0.0)
    machine.start()
    first = machine._process
    Path('power-off').touch()
    wait_for(lambda: machine._process is not first)
    wait_for(lambda: machines._listens(machine.vnc_port))
    machine.stop()
    assert machine._ended.is_set()
    assert not machines._listens(machine.vnc_port)


def test_powered_off_at_once(machine, monkeypatch):
    """A machine that only ends does not start without end."""
    monkeypatch.setattr(machines, '_SHORTEST_RUN_S', 60.0)
    machine.start()
    process = machine._process
    Path('power-off').touch()
    assert machine._ended.wait(20)
    assert machine._process is process
