# SPDX-License-Identifier: Apache-2.0
"""The inventory: a YAML file that lists servers and their consoles.

Without Nova, the API's look-up (``servers.inventory``), the agent's driver
(``compute.inventory``) and the demo read the same file.
"""

from __future__ import annotations

import functools
import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import fastjsonschema
import yaml
from oslo_config import cfg

from console_ext import exceptions
from console_ext.conf import find_file
from console_ext.consoles import PROTOCOLS, TYPES, ConsoleType, Endpoint
from console_ext.inventory import document
from console_ext.watch import Watch

LOG = logging.getLogger(__name__)

MAX_FILE_BYTES = 256 * 2**20

# nova/compute/power_state.py
_RUNNING = 1
_SHUTDOWN = 4

_STATES_WITHOUT_GUEST = frozenset(
    {'stopped', 'suspended', 'shelved', 'shelved_offloaded', 'soft-delete', 'deleted'}
)

_NAME = {'type': 'string', 'minLength': 1, 'maxLength': 255}
_STATE = {'type': ['string', 'null'], 'maxLength': 255}
_PORT: dict[str, Any] = {'type': 'integer', 'minimum': 1, 'maximum': 65535}


def _console(console_type: ConsoleType) -> dict[str, Any]:
    ports = {'port': _PORT}
    if console_type.tls:
        or_null = {**_PORT, 'type': ['integer', 'null']}
        ports = {'port': or_null, 'tls_port': or_null}
    return {
        'type': 'object',
        'properties': {'host': _NAME, **ports},
        'required': ['host', 'port'],
        'additionalProperties': False,
    }


_SERVER_SCHEMA: dict[str, Any] = {
    'type': 'object',
    'properties': {
        'id': {
            'type': 'string',
            'pattern': '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
        },
        'name': _NAME,
        'project_id': {**_NAME, 'pattern': '^[0-9a-f-]+$'},
        'user_id': _NAME,
        'host': _NAME,
        'vm_state': {'type': 'string', 'minLength': 1, 'maxLength': 255},
        'task_state': _STATE,
        'power_state': {'type': 'integer', 'minimum': 0, 'maximum': 7},
        'locked': {'type': 'boolean'},
        'consoles': {
            'type': 'object',
            'properties': {one.protocol: _console(one) for one in TYPES},
            'additionalProperties': False,
        },
    },
    'required': ['id', 'name', 'project_id', 'user_id'],
    'additionalProperties': False,
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A server of the inventory.

    :param host: the compute host that runs it; None if it is not scheduled yet
    :param power_state: Nova's number (nova/compute/power_state.py); the default depends
        on ``vm_state``
    :param endpoints: the addresses of its consoles, in the order of
        ``consoles.PROTOCOLS``.  A tuple, because a mapping takes three times the
        memory for each server.
    """

    id: str
    name: str
    project_id: str
    user_id: str
    host: str | None
    vm_state: str
    task_state: str | None
    power_state: int
    locked: bool
    endpoints: tuple[Endpoint | None, ...]

    def endpoint(self, protocol: str) -> Endpoint | None:
        """Return the address of its console for a protocol, or None."""
        return self.endpoints[PROTOCOLS.index(protocol)]


class Inventory:
    """The servers of the inventory file, which is reloaded when it changes.

    If a changed file is invalid, an error is logged once and the old content stays.

    :raises InventoryError: the file is missing or invalid at the start
    """

    def __init__(self, conf: cfg.ConfigOpts):
        options = conf.inventory
        path = find_file(conf, options.file)
        if path is None:
            raise exceptions.InventoryError(options.file, 'there is no such file')
        self._path = path
        self._watch = Watch(lambda: _stamp(path), options.check_interval)
        self._entries: Mapping[str, Entry] = _load(path)

    def get(self, server_id: str) -> Entry | None:
        self._watch.check(self._reload)
        return self._entries.get(server_id)

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over all servers in the order of the file."""
        self._watch.check(self._reload)
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def _reload(self) -> None:
        try:
            self._entries = _load(self._path)
        except exceptions.InventoryError as error:
            LOG.error('The previous inventory stays in force: %s', error)
        else:
            LOG.info('Read %d servers from %s', len(self._entries), self._path)


def _stamp(path: str) -> tuple[int, int, int] | None:
    """Return a value that changes when the file does; None while the file is missing.

    A missing file is not an error here: an editor may be about to rename the new file
    into place.
    """
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def _load(path: str) -> Mapping[str, Entry]:
    try:
        with open(path, 'rb') as file:
            text = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise exceptions.InventoryError(path, error.strerror or 'unreadable') from None
    if len(text) > MAX_FILE_BYTES:
        raise exceptions.InventoryError(
            path, f'it is longer than {MAX_FILE_BYTES} bytes'
        )
    try:
        return _entries(path, text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise exceptions.InventoryError(
            path, error.problem or 'not YAML', mark.line + 1 if mark else None
        ) from None
    except (yaml.YAMLError, ValueError, RecursionError):
        raise exceptions.InventoryError(path, 'not YAML') from None


def _entries(path: str, text: bytes) -> Mapping[str, Entry]:
    validate = _validator()
    entries: dict[str, Entry] = {}
    for index, (server, lines) in enumerate(document.Document(text).servers()):
        try:
            validate(server)
        except fastjsonschema.JsonSchemaValueException as error:
            # Its path is ['data', 'consoles', …], and its message starts with this path
            # joined by dots.
            keys = tuple(str(key) for key in error.path[1:])
            where = '.'.join(['servers', str(index), *keys])
            reason = error.message.replace(error.name or '', where, 1)
            raise exceptions.InventoryError(path, reason, _line(lines, keys)) from None
        entry = _entry(server)
        if entry.id in entries:
            reason = f'servers.{index}.id: {entry.id} occurs twice'
            raise exceptions.InventoryError(path, reason, _line(lines, ('id',)))
        entries[entry.id] = entry
    return entries


@functools.cache
def _validator() -> Callable[[Any], Any]:
    # fastjsonschema generates code.  An interpreting validator takes twenty times as
    # long: 15 s for 100,000 servers.
    validate: Callable[[Any], Any] = fastjsonschema.compile(_SERVER_SCHEMA)
    return validate


def _line(lines: document.Lines, keys: tuple[str, ...]) -> int:
    """Return the 1-based line of a value, or of the nearest value that contains it."""
    while keys not in lines:
        keys = keys[:-1]
    return lines[keys] + 1


def _entry(server: dict[str, Any]) -> Entry:
    consoles = server.get('consoles', {})
    # Saves memory: servers share the strings of their project, user, host and state.
    shared = sys.intern
    host = server.get('host')
    vm_state = server.get('vm_state', 'active')
    # Otherwise the agent would confirm the console of a server that has none.
    power_state = _SHUTDOWN if vm_state in _STATES_WITHOUT_GUEST else _RUNNING
    task_state = server.get('task_state')
    return Entry(
        id=server['id'],
        name=server['name'],
        project_id=shared(server['project_id']),
        user_id=shared(server['user_id']),
        host=shared(host) if host is not None else None,
        vm_state=shared(vm_state),
        task_state=shared(task_state) if task_state is not None else None,
        power_state=server.get('power_state', power_state),
        locked=server.get('locked', False),
        endpoints=tuple(_endpoint(consoles.get(protocol)) for protocol in PROTOCOLS),
    )


def _endpoint(console: dict[str, Any] | None) -> Endpoint | None:
    if console is None:
        return None
    port, tls_port = console['port'], console.get('tls_port')
    if port is None and tls_port is None:
        return None
    return Endpoint(sys.intern(console['host']), port, tls_port)
