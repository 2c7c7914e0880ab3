# SPDX-License-Identifier: Apache-2.0
"""The two actions, on a host of extensions and with an agent in this process."""

import inspect
import logging

import pytest

from console_ext.api import policies
from console_ext.api.remote_consoles import (
    RemoteConsoles,
    RemoteConsolesController,
)
from console_ext.compute import base as compute
from console_ext.consoles import TYPES
from console_ext.rpc.server import ComputeServer
from console_ext.standalone import app
from console_ext.wsgi.declarations import declaration_of
from tests.deployment import PROJECT_A, SERVERS, Deployment, server, server_id
from tests.wsgi_client import ADMIN, ALICE, BOB, READER, SERIAL, SPICE, ask, fault

STATES = {
    '20': {'vm_state': 'paused', 'power_state': 3},
    '21': {'vm_state': 'rescued'},
    '22': {'vm_state': 'shelved', 'power_state': 4},
    '23': {'vm_state': 'soft-delete', 'power_state': 4},
    '24': {'vm_state': 'deleted', 'power_state': 4},
    '25': {'vm_state': 'active', 'power_state': 4},
    '26': {'vm_state': 'stopped', 'task_state': 'deleting'},
}


@pytest.fixture(scope='module')
def application(tmp_path_factory):
    """API and agent; one of each for all tests."""
    deployment = Deployment(tmp_path_factory.mktemp('consoles'))
    more = [server(number, **changes) for number, changes in STATES.items()]
    deployment.write_inventory(SERVERS + more)
    conf = deployment.configure(console_rpc={'timeout': 0.5}).conf()
    agent = ComputeServer(conf, compute.load(conf))
    agent.start()
    application = app.build_app(conf)
    yield application
    application.close()
    agent.stop()


def console(application, body, number='01', **how):
    return ask(application, f'/servers/{server_id(number)}/action', body, **how)


@pytest.mark.parametrize(
    ('body', 'console_type', 'url'),
    [
        (SERIAL, 'serial', 'ws://127.0.0.1:6083/?token='),
        (SPICE, 'spice-html5', 'http://127.0.0.1:6082/spice_auto.html?token='),
    ],
)
@pytest.mark.parametrize('version', ['2.1', '2.5', 'latest'])
def test_console(application, body, console_type, url, version):
    """Its type and its URL, at every version that has the action."""
    headers = {'OpenStack-API-Version': f'compute {version}'}
    response = console(application, body, token=ALICE, headers=headers)
    assert response.status_int == 200
    assert response.json['console'].pop('url').startswith(url)
    assert set(response.json['console']) == {'type', 'url'}
    assert response.json['console']['type'] == console_type


NOT_READY = 'Instance {id} is not ready'
VM_STATE = "Cannot 'get_{type}_console' instance {id} while it is in vm_state {state}"
TASK_STATE = (
    "Cannot 'get_{type}_console' instance {id} while it is in task_state {state}"
)

ANSWERS = [
    ('01', 200, '', ''),
    ('03', 409, NOT_READY, ''),
    ('04', 200, '', ''),
    ('05', 409, TASK_STATE, 'deleting'),
    ('06', 409, TASK_STATE, 'migrating'),
    ('07', 400, 'Unavailable console type {console_type}.', ''),
    ('08', 503, 'The compute service of the server is unavailable.', ''),
    ('09', 409, VM_STATE, 'stopped'),
    ('0a', 200, '', ''),
    ('0b', 409, NOT_READY, ''),
    ('0c', 409, VM_STATE, 'suspended'),
    ('0d', 200, '', ''),
    ('0e', 409, NOT_READY, ''),
    ('20', 200, '', ''),
    ('21', 200, '', ''),
    ('22', 409, VM_STATE, 'shelved'),
    ('23', 409, VM_STATE, 'soft-delete'),
    ('24', 409, VM_STATE, 'deleted'),
    # What only the compute host knows.
    ('25', 409, NOT_READY, ''),
    # The task is named first: it is what will end.
    ('26', 409, TASK_STATE, 'deleting'),
    ('ff', 404, 'Instance {id} could not be found.', ''),
]


@pytest.mark.parametrize(
    ('body', 'names'),
    [
        (SERIAL, {'type': 'serial', 'console_type': 'serial'}),
        (SPICE, {'type': 'spice', 'console_type': 'spice-html5'}),
    ],
)
@pytest.mark.parametrize(('number', 'status', 'message', 'state'), ANSWERS)
def test_states(application, body, names, number, status, message, state):
    """Each state of a server, for each type of console."""
    response = console(application, body, number, token=ALICE)
    assert response.status_int == status
    if status != 200:
        expected = message.format(id=server_id(number), state=state, **names)
        assert fault(response)[1] == expected


@pytest.mark.parametrize(
    ('token', 'number', 'status'),
    [
        (READER, '01', 403),
        (BOB, '01', 404),
        (BOB, '02', 200),
        (ADMIN, '02', 200),
        (None, '01', 401),
    ],
)
def test_who(application, token, number, status):
    """Members of the server's project, and administrators."""
    for body in (SERIAL, SPICE):
        assert console(application, body, number, token=token).status_int == status


def test_policy_names_its_own_rule(application):
    """So that an operator knows which line to write."""
    message = (
        "Policy doesn't allow os_compute_api:os-remote-consoles:{} to be performed."
    )
    for body, name in ((SERIAL, 'serial'), (SPICE, 'spice')):
        response = console(application, body, token=READER)
        assert fault(response)[1] == message.format(name)


def test_token_is_in_the_answer_only(application, caplog):
    """No log of ours has it, at any level."""
    caplog.set_level(logging.DEBUG)
    response = console(application, SERIAL, token=ALICE)
    token = response.json['console']['url'].partition('=')[2]
    assert len(token) == 36
    assert token not in caplog.text


def test_actions():
    """Each type that has an action has a method of the controller, and no other has."""
    found = [
        declaration_of(method)
        for _, method in inspect.getmembers(RemoteConsolesController, callable)
    ]
    assert {one.action: (one.policy, one.minimum) for one in found if one} == {
        one.action: (policies.rule_of(one), one.since)
        for one in TYPES
        if one.action is not None
    }


def test_extension(deployment):
    """Its names are in configurations and clients."""
    extension = RemoteConsoles(deployment.conf())
    assert (extension.alias, extension.name) == ('os-remote-consoles', 'RemoteConsoles')
    (attached,) = extension.get_controller_extensions()
    assert attached.collection == 'servers'
    assert list(extension.get_resources()) == []
    assert len(list(extension.get_policies())) == 1 + len(TYPES)
    extension.close()


def test_project_in_the_url(application):
    """The caller's own; another's is refused before the server is looked for."""
    path = '/{}/servers/{}/action'
    own = path.format(PROJECT_A, server_id('01'))
    assert ask(application, own, SERIAL, token=ALICE).status_int == 200
    other = path.format('b' * 32, server_id('ff'))
    response = ask(application, other, SERIAL, token=ALICE)
    assert response.status_int == 400
    assert fault(response)[1].startswith('Malformed request URL')
