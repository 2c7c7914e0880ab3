# SPDX-License-Identifier: Apache-2.0
"""The look-up in Nova's databases, where there is no Nova.

Where there is one, tests/integration/nova asks it.
"""

import contextlib
import sys
import threading
from concurrent import futures
from types import SimpleNamespace

import pytest

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.servers import base, nova
from tests.parts.deployment import server_id
from tests.parts.waiting import wait_for


def test_without_nova(deployment, monkeypatch):
    """One clear line, only if this look-up is selected."""
    monkeypatch.setitem(sys.modules, 'nova', None)
    deployment.configure(api={'servers': 'nova'})
    with pytest.raises(exceptions.ConfigurationError) as caught:
        base.load(deployment.conf(), None)
    assert str(caught.value).startswith(
        '[api] servers = nova: Nova cannot be imported (import of nova halted'
    )


def test_nova_s_files(deployment, monkeypatch):
    """The files, or the environment, have the URL of Nova's API database."""
    assert not nova.has_files(deployment.conf())
    monkeypatch.setenv('OS_API_DATABASE__CONNECTION', 'sqlite://')
    assert nova.has_files(deployment.conf())
    monkeypatch.undo()
    deployment.configure(api_database={'connection': 'sqlite://'})
    nova.require_files(deployment.conf())


def test_look_up_without_nova_s_files(deployment, monkeypatch):
    """Nova's policy would be ignored."""
    modules = {name: SimpleNamespace() for name in ('context', 'exception')}
    objects = SimpleNamespace(InstanceMapping=None)
    monkeypatch.setitem(
        sys.modules, 'nova', SimpleNamespace(objects=objects, **modules)
    )
    deployment.configure(api={'servers': 'nova'})
    with pytest.raises(exceptions.ConfigurationError, match="needs Nova's own"):
        base.load(deployment.conf(), None)


def test_part_of_nova():
    """Part of Nova is recognised as object, function or class."""

    def function():
        pass

    assert not nova.is_part_of(function)
    assert not nova.is_part_of(object())
    function.__module__ = 'novation.api'
    assert not nova.is_part_of(function)
    function.__module__ = 'nova.api.openstack'
    assert nova.is_part_of(function)


class Cells:
    """Nova with two cells: the database of "silent" does not answer until the end.

    The servers with an even number are in it.
    """

    def __init__(self):
        self.asked = []
        self.answers = threading.Event()
        silent, well = (
            SimpleNamespace(uuid=name, transport_url=None)
            for name in ('silent', 'well')
        )

        class NotFound(Exception):
            pass

        class Context:
            def __init__(self, **values):
                self.update_store = lambda: None

        def mapping(_, server):
            cell = well if int(server[-1]) % 2 else silent
            return SimpleNamespace(project_id='project', cell_mapping=cell)

        def instance(cell, server, expected_attrs):
            self.asked.append(cell.uuid)
            if cell is silent:
                assert self.answers.wait(60)
            values = dict.fromkeys(
                ('display_name', 'host', 'vm_state', 'task_state', 'power_state')
            )
            ids = {'project_id': 'project', 'user_id': 'user', 'locked': False, 'id': 7}
            return Instance(uuid=server, **values, **ids)

        class Instance(SimpleNamespace):
            get_by_uuid = staticmethod(instance)

            def __contains__(self, name):
                return hasattr(self, name)

        self.modules = {
            'context': SimpleNamespace(
                RequestContext=Context,
                target_cell=lambda _, cell: contextlib.nullcontext(cell),
            ),
            'exception': SimpleNamespace(
                InstanceMappingNotFound=NotFound,
                InstanceNotFound=NotFound,
                BuildRequestNotFound=NotFound,
            ),
            'objects': SimpleNamespace(
                InstanceMapping=SimpleNamespace(get_by_instance_uuid=mapping),
                Instance=Instance,
            ),
        }


def test_a_cell_that_does_not_answer(deployment, monkeypatch):
    """However many look-ups wait for its database, those in other cells succeed."""
    cells = Cells()
    monkeypatch.setitem(sys.modules, 'nova', SimpleNamespace(**cells.modules))
    deployment.configure(
        api={'servers': 'nova', 'look_up_timeout': 60},
        api_database={'connection': 'sqlite://'},
    )
    look_up = base.load(deployment.conf(), None)
    context = RequestContext(user_id='user', project_id='project')
    most = nova.NovaLookUp.MAX_CONCURRENT_PER_CELL
    waiting = nova.NovaLookUp.MAX_CONCURRENT
    with futures.ThreadPoolExecutor(most + waiting + 1) as callers:
        silent = [
            callers.submit(look_up.get, context, server_id('02'))
            for _ in range(most + waiting + 1)
        ]
        # One too many fails at once.
        wait_for(lambda: any(one.done() for one in silent))
        assert cells.asked.count('silent') == most
        found = look_up.get(context, server_id('01'))
        assert (found.id, found.cell) == (server_id('01'), 'well')
        assert sum(one.done() for one in silent) == 1
        cells.answers.set()
    errors = [one.exception() for one in silent if one.exception() is not None]
    assert [type(error) for error in errors] == [exceptions.ServersUnavailable]
