# SPDX-License-Identifier: Apache-2.0
"""The look-up in the inventory file."""

import pytest

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.servers.base import Server
from console_ext.servers.inventory import InventoryLookUp
from tests.parts.deployment import PROJECT_A, PROJECT_B, SERVERS, server, server_id


@pytest.fixture
def look_up(deployment):
    deployment.write_inventory(
        [server('01', locked=True, task_state='migrating', power_state=3), *SERVERS[1:]]
    )
    return InventoryLookUp(deployment.conf())


def who(project_id=PROJECT_A, **more):
    return RequestContext(user_id='x', project_id=project_id, overwrite=False, **more)


def test_server(look_up):
    """All fields; there is no database id."""
    assert look_up.get(who(), server_id('01')) == Server(
        id=server_id('01'),
        name='server-01',
        project_id=PROJECT_A,
        user_id='alice',
        host='compute-1',
        vm_state='active',
        task_state='migrating',
        power_state=3,
        locked=True,
        database_id=None,
    )


@pytest.mark.parametrize(
    ('context', 'number', 'found'),
    [
        (who(), '01', True),
        (who(), '02', False),
        (who(PROJECT_B), '02', True),
        (who(PROJECT_B, is_admin=True), '01', True),
        (who(None, system_scope='all'), '01', True),
        (who(None), '01', False),
        (who(is_admin=True), 'ff', False),
    ],
)
def test_who_finds_what(look_up, context, number, found):
    """A server of another project is not found, like one that does not exist."""
    wanted = server_id(number)
    if found:
        assert look_up.get(context, wanted).id == wanted
    else:
        with pytest.raises(exceptions.ServerNotFound) as caught:
            look_up.get(context, wanted)
        assert caught.value.server_id == wanted


def test_an_id_in_upper_case(look_up):
    """The server is found, as in Nova; its own id has the spelling of the file."""
    assert look_up.get(who(), server_id('0a').upper()).id == server_id('0a')
    with pytest.raises(exceptions.ServerNotFound) as caught:
        look_up.get(who(), server_id('ff').upper())
    assert caught.value.server_id == server_id('ff').upper()


@pytest.mark.parametrize('text', ['', '1', 'ж', '../..', '\x00', 'x' * 10_000])
def test_any_text(look_up, text):
    """The text comes from a URL."""
    with pytest.raises(exceptions.ServerNotFound):
        look_up.get(who(is_admin=True), text)


@pytest.mark.parametrize(
    ('project_id', 'numbers'),
    [(PROJECT_B, ['02']), ('c', []), (None, [one['id'][-2:] for one in SERVERS])],
)
def test_servers_of_a_project(look_up, project_id, numbers):
    """The servers of a project, or all, in the order of the file."""
    found = [one.id for one in look_up.of_project(project_id)]
    assert found == [server_id(number) for number in numbers]
