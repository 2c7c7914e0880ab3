# SPDX-License-Identifier: Apache-2.0
"""The rules of the inventory file, and the effect of edits."""

import logging
import os
import time

import pytest

from console_ext import exceptions, inventory
from console_ext.consoles import PROTOCOLS, TYPES, Endpoint
from console_ext.inventory import Entry, Inventory
from tests.parts.deployment import PROJECT_A, SERVERS, server, server_id

ID = server_id('01')


def error_of(deployment, text):
    """The line and the reason of the error for an invalid file."""
    deployment.inventory_file.write_text(text)
    with pytest.raises(exceptions.InventoryError) as caught:
        Inventory(deployment.conf())
    assert caught.value.path == str(deployment.inventory_file)
    return caught.value.line, caught.value.reason


def touch(path, text):
    """Write a file with a new modification time, however fast this machine is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    if path.stat().st_mtime_ns <= before:
        os.utime(path, ns=(before + 1, before + 1))


SMALLEST = f"""servers:
  - id: {ID}
    name: a
    project_id: {PROJECT_A}
    user_id: alice
"""


def test_smallest_server(deployment):
    """The defaults: no host, active, running, unlocked, without consoles."""
    deployment.inventory_file.write_text(SMALLEST)
    found = Inventory(deployment.conf())
    assert list(found) == [
        Entry(
            id=ID,
            name='a',
            project_id=PROJECT_A,
            user_id='alice',
            host=None,
            vm_state='active',
            task_state=None,
            power_state=1,
            locked=False,
            endpoints=(None,) * len(PROTOCOLS),
        )
    ]


def test_whole_server(deployment):
    """A server with every key."""
    deployment.inventory_file.write_text(
        SMALLEST
        + """    host: compute-1
    vm_state: error
    task_state: deleting
    power_state: 4
    locked: true
    consoles:
      serial: {host: 127.0.0.1, port: 10001}
      spice: {host: '::1', port: 5901, tls_port: 5902}
      vnc: {host: 127.0.0.1, port: 5900}
"""
    )
    found = Inventory(deployment.conf()).get(ID)
    assert (found.host, found.vm_state, found.task_state) == (
        'compute-1',
        'error',
        'deleting',
    )
    assert (found.power_state, found.locked) == (4, True)
    assert found.endpoint('serial') == Endpoint('127.0.0.1', 10001)
    assert found.endpoint('spice') == Endpoint('::1', 5901, 5902)
    assert found.endpoint('vnc') == Endpoint('127.0.0.1', 5900)


@pytest.mark.parametrize('one', TYPES, ids=lambda one: one.type)
def test_consoles_of_each_protocol(deployment, one):
    """The keys of consoles come from the table of console types."""
    console = {'host': 'h', 'port': 1, **({'tls_port': 2} if one.tls else {})}
    deployment.write_inventory([server('01', consoles={one.protocol: console})])
    found = Inventory(deployment.conf()).get(ID)
    assert found.endpoint(one.protocol) == Endpoint('h', 1, 2 if one.tls else None)
    assert [found.endpoint(other) for other in PROTOCOLS if other != one.protocol] == [
        None
    ] * (len(PROTOCOLS) - 1)


@pytest.mark.parametrize(
    ('port', 'tls_port', 'expected'),
    [
        (None, 2, Endpoint('h', None, 2)),
        (1, None, Endpoint('h', 1)),
        (None, None, None),
    ],
)
def test_ports_of_spice(deployment, port, tls_port, expected):
    """Either may be missing; without both, there is no console."""
    console = {'host': 'h', 'port': port, 'tls_port': tls_port}
    deployment.write_inventory([server('01', consoles={'spice': console})])
    assert Inventory(deployment.conf()).get(ID).endpoint('spice') == expected


def test_usual_servers(deployment):
    """Servers are in the order of the file; an unknown id has no server."""
    found = Inventory(deployment.conf())
    assert [entry.id for entry in found] == [one['id'] for one in SERVERS]
    assert len(found) == len(SERVERS)
    assert found.get(server_id('02')).user_id == 'bob'
    for unknown in (server_id('ff'), '', server_id('0A'), ID.replace('-', ''), '\x00'):
        assert found.get(unknown) is None


def test_empty_list(deployment):
    """A file without servers is valid."""
    deployment.inventory_file.write_text('servers: []\n')
    assert len(Inventory(deployment.conf())) == 0


# Lines after the smallest server, the line of the error, and its text.
VALUES = [
    ('    host: 7', 6, 'servers.0.host must be string'),
    ("    host: ''", 6, 'servers.0.host must be longer than or equal to 1 characters'),
    ('    vm_state: null', 6, 'servers.0.vm_state must be string'),
    ('    task_state: [a]', 6, 'servers.0.task_state must be string or null'),
    ('    power_state: running', 6, 'servers.0.power_state must be integer'),
    ('    power_state: 8', 6, 'servers.0.power_state must be smaller than or equal'),
    ('    locked: 1', 6, 'servers.0.locked must be boolean'),
    ('    colour: red', 2, "servers.0 must not contain {'colour'} properties"),
    (
        '    consoles:\n      serial:\n        host: h\n        port: 1\n'
        '        tls_port: 2',
        8,
        "servers.0.consoles.serial must not contain {'tls_port'} properties",
    ),
    ('    consoles: [serial]', 6, 'servers.0.consoles must be object'),
    (
        '    consoles:\n      mks: {}',
        7,
        "servers.0.consoles must not contain {'mks'} properties",
    ),
    (
        '    consoles:\n      serial: null',
        7,
        'servers.0.consoles.serial must be object',
    ),
    (
        '    consoles:\n      serial:\n        port: 1',
        8,
        "servers.0.consoles.serial must contain ['host'] properties",
    ),
    (
        '    consoles:\n      serial:\n        host: h\n        port: 65536',
        9,
        'servers.0.consoles.serial.port must be smaller than or equal to 65535',
    ),
    (
        '    consoles:\n      spice:\n        host: h\n        port: 1\n'
        '        tls_port: 0',
        10,
        'servers.0.consoles.spice.tls_port must be bigger than or equal to 1',
    ),
    (
        '    consoles:\n      vnc: {host: h, port: 5900, tls_port: 5901}',
        7,
        'servers.0.consoles.vnc must not contain {',
    ),
    ('  - 7', 6, 'servers.1 must be object'),
    ('  - name: b', 6, 'servers.1 must contain'),
]


@pytest.mark.parametrize(('lines', 'line', 'reason'), VALUES)
def test_invalid_value(deployment, lines, line, reason):
    """The error has the line, the path of keys, and the rule."""
    found_line, found_reason = error_of(deployment, f'{SMALLEST}{lines}\n')
    assert found_reason.startswith(reason)
    assert found_line == line


BROKEN = [
    ('', 1, "expected one document with a list of servers under 'servers'"),
    ('7', 1, "expected one document with a list of servers under 'servers'"),
    ('[]', 1, "expected one document with a list of servers under 'servers'"),
    ('{}', 1, "expected one document with a list of servers under 'servers'"),
    ('servers:', 1, "expected one document with a list of servers under 'servers'"),
    ('servers: {}', 1, "expected one document with a list of servers under 'servers'"),
    ('server: []', 1, "expected the key 'servers'"),
    ('# one\nhosts: []', 2, "expected the key 'servers'"),
    ('servers: []\nmore: 1', 2, 'expected one document'),
    ('servers: []\n---\nservers: []', 2, 'expected one document'),
    ('servers: [', 2, 'did not find expected node content'),
    ('servers:\n  - a: [1\n    b: 2', 3, "did not find expected ',' or ']'"),
    ('servers:\n\t- a', 2, 'found character that cannot start any token'),
    ('servers:\n  - {[1]: 2}', 2, 'a key must be a plain string'),
    ('servers:\n  - a: 1\n    a: 2', 3, "the key 'a' occurs twice"),
    ('servers:\n  - a: *x', 2, "the anchor 'x' is not defined"),
    ('servers:\n  - ' + '[' * 20 + ']' * 20, 2, 'nested too deeply'),
]


@pytest.mark.parametrize(('text', 'line', 'reason'), BROKEN)
def test_file_that_is_no_inventory(deployment, text, line, reason):
    """The error has the line at which the file becomes invalid."""
    found_line, found_reason = error_of(deployment, text)
    assert found_reason.startswith(reason)
    assert found_line == line


@pytest.mark.parametrize(
    'text', ['servers: [\x07]', 'servers:\n  - name: 2001-99-99', 'servers: [0x_]']
)
def test_text_that_yaml_cannot_make_a_value_of(deployment, text):
    """The error is one line without a traceback."""
    error_of(deployment, text)


def test_bytes_that_are_no_text(deployment):
    """For example a binary file."""
    deployment.inventory_file.write_bytes(b'servers: [\xff\xfe]')
    with pytest.raises(exceptions.InventoryError):
        Inventory(deployment.conf())


def test_two_servers_with_one_id(deployment):
    """The error has the line of the second one."""
    second = SMALLEST.removeprefix('servers:\n')
    assert error_of(deployment, SMALLEST + second) == (
        6,
        f'servers.1.id: {ID} occurs twice',
    )


@pytest.mark.parametrize(
    'wrong', [ID.upper().replace('0', 'A'), ID[:-1], ID + '0', ID.replace('-', ''), '1']
)
def test_invalid_id(deployment, wrong):
    """An id is lower-case hex with dashes, as Nova writes it."""
    line, reason = error_of(deployment, SMALLEST.replace(ID, f"'{wrong}'"))
    assert line == 2
    assert reason.startswith('servers.0.id must match pattern')


def test_id_with_a_line_end(deployment):
    """In a pattern, "$" alone would accept it."""
    line, _ = error_of(deployment, SMALLEST.replace(ID, f'"{ID}\\n"'))
    assert line == 2


def test_file_that_is_missing(deployment):
    """It is an error at the start."""
    deployment.inventory_file.unlink()
    with pytest.raises(exceptions.InventoryError, match='there is no such file'):
        Inventory(deployment.conf())


def test_file_that_is_a_directory(deployment):
    """It is an error too."""
    deployment.inventory_file.unlink()
    deployment.inventory_file.mkdir()
    with pytest.raises(exceptions.InventoryError, match='Is a directory'):
        Inventory(deployment.conf())


def test_oversized_file(deployment, monkeypatch):
    """The size is limited, far above any real inventory."""
    monkeypatch.setattr(inventory, 'MAX_FILE_BYTES', len(SMALLEST))
    deployment.inventory_file.write_text(SMALLEST)
    assert len(Inventory(deployment.conf())) == 1
    _, reason = error_of(deployment, SMALLEST + '\n')
    assert reason == f'it is longer than {len(SMALLEST)} bytes'


# Edits.


def test_edit_takes_effect(deployment):
    """An edit affects look-ups and lists."""
    found = Inventory(deployment.conf())
    touch(deployment.inventory_file, SMALLEST)
    assert found.get(server_id('02')) is None
    assert [entry.name for entry in found] == ['a']


@pytest.mark.parametrize('broken', ['servers: [', SMALLEST + '    colour: red\n', ''])
def test_broken_edit_keeps_the_last_good_content(deployment, caplog, broken):
    """The error is logged once with its line, and the next valid edit takes effect."""
    found = Inventory(deployment.conf())
    touch(deployment.inventory_file, broken)
    for _ in range(3):
        assert found.get(server_id('02')).user_id == 'bob'
        assert len(list(found)) == len(SERVERS)
    (record,) = [one for one in caplog.records if one.name == 'console_ext.inventory']
    assert record.levelno == logging.ERROR
    assert str(deployment.inventory_file) in record.getMessage()
    touch(deployment.inventory_file, SMALLEST)
    assert found.get(server_id('02')) is None


def test_file_that_goes_and_comes_back(deployment, caplog):
    """An editor may remove the file for a moment."""
    found = Inventory(deployment.conf())
    deployment.inventory_file.unlink()
    for _ in range(3):
        assert found.get(ID)
    assert caplog.records == []
    deployment.inventory_file.write_text('servers: []')
    assert found.get(ID) is None


def test_file_that_is_replaced(deployment):
    """A file renamed into place is noticed, even with the same size and time."""
    found = Inventory(deployment.conf())
    before = deployment.inventory_file.stat()
    new = deployment.path / 'new.yaml'
    new.write_text(deployment.inventory_file.read_text().replace('alice', 'carol'))
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert new.stat().st_size == before.st_size
    new.replace(deployment.inventory_file)
    assert found.get(ID).user_id == 'carol'


def test_edit_waits_for_the_interval(deployment):
    """The file is not checked for each look-up."""
    deployment.configure(inventory={'check_interval': 3600})
    found = Inventory(deployment.conf())
    touch(deployment.inventory_file, SMALLEST)
    assert found.get(server_id('02'))


def test_list_under_way_is_not_disturbed(deployment):
    """A list is made from one version of the file."""
    found = Inventory(deployment.conf())
    entries = iter(found)
    first = next(entries)
    touch(deployment.inventory_file, SMALLEST)
    assert found.get(server_id('02')) is None
    assert len([first, *entries]) == len(SERVERS)


# Size.


def test_hundred_thousand_servers(deployment):
    """It is read within seconds; look-ups take constant time; values are shared."""
    one = ''.join(
        f'- id: 00000000-0000-4000-8000-{number:012x}\n'
        f'  name: web-{number}\n'
        f'  project_id: {PROJECT_A}\n'
        f'  user_id: alice\n'
        f'  host: compute-{number % 100}\n'
        f'  consoles: {{serial: {{host: 127.0.0.1, port: {10000 + number % 1000}}}}}\n'
        for number in range(100_000)
    )
    deployment.inventory_file.write_text(f'servers:\n{one}')
    deployment.configure(inventory={'check_interval': 3600})
    started = time.process_time()
    found = Inventory(deployment.conf())
    assert time.process_time() - started < 30
    assert len(found) == 100_000
    last = found.get(f'00000000-0000-4000-8000-{99_999:012x}')
    assert last.name == 'web-99999'
    assert last.project_id is found.get(server_id('0')).project_id

    def seconds_of(wanted):
        started = time.thread_time()
        for _ in range(10_000):
            found.get(wanted)
        return time.thread_time() - started

    # A linear search would take a thousand times as long for the last server.
    assert seconds_of(last.id) < 20 * seconds_of(server_id('0'))


def test_values_are_not_changed_by_anyone(deployment):
    """Entries are shared by threads, so nobody may change them."""
    deployment.write_inventory([server('01')])
    entry = Inventory(deployment.conf()).get(ID)
    with pytest.raises(AttributeError):
        entry.host = 'other'
