# SPDX-License-Identifier: Apache-2.0
"""The resource ``remote-consoles`` and the actions, with an agent in this process."""

import contextlib
import inspect
import logging

import pytest

from console_ext.api.policies import remote_consoles as policies
from console_ext.api.remote_consoles import (
    RemoteConsoles,
    RemoteConsolesController,
    Served,
)
from console_ext.compute import base as compute
from console_ext.consoles import TYPES
from console_ext.rpc.server import ComputeServer
from console_ext.standalone import app
from console_ext.wsgi.declarations import declaration_of
from tests.parts.deployment import PROJECT_A, SERVERS, Deployment, server, server_id
from tests.parts.wsgi_client import (
    ADMIN,
    ALICE,
    BOB,
    READER,
    SERIAL,
    SPICE,
    VNC,
    ask,
    fault,
)

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
    """The API and an agent, shared by all tests."""
    deployment = Deployment(tmp_path_factory.mktemp('consoles'))
    more = [server(number, **changes) for number, changes in STATES.items()]
    deployment.write_inventory(SERVERS + more)
    conf = deployment.conf()
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
        (VNC, 'novnc', 'http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3D'),
    ],
)
@pytest.mark.parametrize('version', ['2.1', '2.5'])
def test_action(application, body, console_type, url, version):
    """The response has type and URL, at all microversions with the action."""
    headers = {'OpenStack-API-Version': f'compute {version}'}
    response = console(application, body, token=ALICE, headers=headers)
    assert response.status_int == 200
    assert response.json['console'].pop('url').startswith(url)
    assert set(response.json['console']) == {'type', 'url'}
    assert response.json['console']['type'] == console_type


@pytest.mark.parametrize('body', [SERIAL, SPICE, VNC])
@pytest.mark.parametrize('version', ['2.6', '2.99', 'latest'])
def test_action_at_later_versions(application, body, version):
    """At later microversions, the resource has replaced the action."""
    headers = {'OpenStack-API-Version': f'compute {version}'}
    response = console(application, body, token=ALICE, headers=headers)
    assert fault(response) == ('itemNotFound', 'The resource could not be found.')


def remote_console(application, pair, number='01', version='2.99', **how):
    """Ask the resource for a pair of protocol and type."""
    protocol, name = pair
    return ask(
        application,
        f'/servers/{server_id(number)}/remote-consoles',
        {'remote_console': {'protocol': protocol, 'type': name}},
        headers={'OpenStack-API-Version': f'compute {version}'},
        **{'token': ALICE, **how},
    )


PAIRS = {
    ('serial', 'serial'): 'ws://127.0.0.1:6083/?token=',
    ('spice', 'spice-html5'): 'http://127.0.0.1:6082/spice_auto.html?token=',
    ('spice', 'spice-direct'): 'http://127.0.0.1:13002/nova?token=',
    ('vnc', 'novnc'): 'http://127.0.0.1:6080/vnc_auto.html?path=%3Ftoken%3D',
}


@pytest.mark.parametrize('pair', PAIRS)
@pytest.mark.parametrize('version', ['2.6', '2.8', '2.98', '2.99', 'latest'])
def test_resource(application, pair, version):
    """The response has the pair and a URL, at all microversions with the resource."""
    response = remote_console(application, pair, version=version)
    if pair[1] == 'spice-direct' and version in ('2.6', '2.8', '2.98'):
        assert response.status_int == 400
        assert "'spice-direct' is not one of" in fault(response)[1]
        return
    assert response.status_int == 200
    answer = response.json['remote_console']
    assert answer.pop('url').startswith(PAIRS[pair])
    assert answer == {'protocol': pair[0], 'type': pair[1]}


@pytest.mark.parametrize('version', ['2.1', '2.5'])
def test_resource_at_earlier_versions(application, version):
    """The resource does not exist yet."""
    response = remote_console(application, ('serial', 'serial'), version=version)
    assert fault(response) == ('itemNotFound', 'The resource could not be found.')


@pytest.mark.parametrize(
    ('pair', 'says'),
    [
        (('serial', 'novnc'), 'Invalid console type novnc'),
        (('vnc', 'xvpvnc'), 'Invalid console type xvpvnc'),
        (('vnc', 'spice-html5'), 'Invalid console type spice-html5'),
        (('spice', 'serial'), 'Invalid console type serial'),
        (('mks', 'webmks'), 'Unavailable console type webmks.'),
        (('rdp', 'rdp-html5'), 'Unavailable console type rdp.'),
    ],
)
def test_pairs_that_no_console_has(application, pair, says):
    """Invalid pairs are refused, including those that the schema accepts."""
    response = remote_console(application, pair)
    assert fault(response) == ('badRequest', says)


def test_state_comes_before_the_pair(application):
    """As in Nova, the server's state is checked before the pair."""
    response = remote_console(application, ('vnc', 'xvpvnc'), '03')
    assert fault(response)[1] == f'Instance {server_id("03")} is not ready'


def test_action_for_xvpvnc(application):
    """Nova's schema accepts xvpvnc, but no host supports it."""
    response = console(
        application, {'os-getVNCConsole': {'type': 'xvpvnc'}}, token=ALICE
    )
    assert fault(response) == ('badRequest', 'Invalid console type xvpvnc')


@pytest.mark.parametrize('pair', PAIRS)
def test_policy_of_the_resource(application, pair):
    """The rule of the type applies, after the check that the server is visible."""
    suffix = {'serial': 'serial', 'spice-html5': 'spice', 'novnc': 'vnc'}
    rule = f'os_compute_api:os-remote-consoles:{suffix.get(pair[1], pair[1])}'
    refused = remote_console(application, pair, token=READER)
    assert refused.status_int == 403
    assert fault(refused)[1] == f"Policy doesn't allow {rule} to be performed."
    assert remote_console(application, pair, token=BOB).status_int == 404


@pytest.fixture
def served(deployment):
    """The stand-alone API with a choice of console types; no host is called."""

    def make(*names):
        deployment.configure(api={'console_types': ','.join(names)})
        return app.build_app(deployment.conf())

    return make


@pytest.mark.parametrize(
    ('names', 'pair', 'says'),
    [
        (['serial'], ('vnc', 'novnc'), 'Unavailable console type novnc.'),
        (['serial'], ('spice', 'spice-html5'), 'Unavailable console type spice-html5.'),
        (['spice-html5'], ('spice', 'spice-direct'), 'Unavailable console type {}.'),
        ([], ('serial', 'serial'), 'Unavailable console type serial.'),
    ],
)
def test_types_that_are_not_served(served, names, pair, says):
    """Stand-alone, types that are not served are refused."""
    response = remote_console(served(*names), pair)
    assert fault(response) == ('badRequest', says.format(pair[1]))


@pytest.mark.parametrize(
    ('body', 'taken'),
    [
        ({'remote_console': {'protocol': 'serial', 'type': 'x'}}, True),
        ({'remote_console': {'protocol': 'vnc', 'type': 'novnc'}}, False),
        ({'remote_console': {'protocol': 'mks', 'type': 'webmks'}}, False),
        ({'remote_console': {'protocol': 'VNC', 'type': 'novnc'}}, False),
        ({'remote_console': {'protocol': 7, 'type': 'novnc'}}, True),
        ({'remote_console': {'type': 'novnc'}}, True),
        ({'remote_console': None}, True),
        ({}, True),
        ([], True),
        (None, True),
    ],
)
def test_who_answers(body, taken):
    """The protocol decides who answers; a request without one is refused."""
    assert Served(['serial', 'spice-html5']).takes(body) is taken


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
    # Known only to the compute host.
    ('25', 409, NOT_READY, ''),
    # The task is reported before the state, because it ends by itself.
    ('26', 409, TASK_STATE, 'deleting'),
    ('ff', 404, 'Instance {id} could not be found.', ''),
]


@pytest.mark.parametrize(
    ('body', 'names'),
    [
        (SERIAL, {'type': 'serial', 'console_type': 'serial'}),
        (SPICE, {'type': 'spice', 'console_type': 'spice-html5'}),
        (VNC, {'type': 'vnc', 'console_type': 'novnc'}),
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


def test_compute_host_that_does_not_answer(deployment):
    """Its first call times out; later ones may be refused at once."""
    conf = deployment.configure(console_rpc={'timeout': 0.5}).conf()
    with contextlib.closing(app.build_app(conf)) as application:
        for body in (SERIAL, SPICE, VNC):
            response = console(application, body, '08', token=ALICE)
            assert response.status_int == 503
            message = 'The compute service of the server is unavailable.'
            assert fault(response)[1] == message


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
    """Members of the server's project and administrators may open consoles."""
    for body in (SERIAL, SPICE, VNC):
        assert console(application, body, number, token=token).status_int == status


def test_policy_names_its_own_rule(application):
    """The error names the rule that an operator has to change."""
    message = (
        "Policy doesn't allow os_compute_api:os-remote-consoles:{} to be performed."
    )
    for body, name in ((SERIAL, 'serial'), (SPICE, 'spice')):
        response = console(application, body, token=READER)
        assert fault(response)[1] == message.format(name)


def test_token_is_in_the_answer_only(application, caplog):
    """The token is in no log, at any level."""
    caplog.set_level(logging.DEBUG)
    response = console(application, SERIAL, token=ALICE)
    token = response.json['console']['url'].partition('=')[2]
    assert len(token) == 36
    assert token not in caplog.text


def test_actions():
    """The controller has a method for each action, and no other methods."""
    found = [
        declaration_of(method)
        for _, method in inspect.getmembers(RemoteConsolesController, callable)
    ]
    assert {
        one.action: (one.policy, one.minimum)
        for one in found
        if one is not None and one.action is not None
    } == {
        one.action: (policies.rule_of(one), one.since)
        for one in TYPES
        if one.action is not None
    }


def test_extension(deployment):
    """Configurations and clients depend on its names."""
    extension = RemoteConsoles(deployment.conf())
    assert (extension.alias, extension.name) == ('os-remote-consoles', 'RemoteConsoles')
    (attached,) = extension.get_controller_extensions()
    assert attached.collection == 'servers'
    (resource,) = extension.get_resources()
    assert (resource.collection, resource.parent) == (
        'remote-consoles',
        ('servers', 'server'),
    )
    assert len(list(extension.get_policies())) == 1 + len(TYPES)
    extension.close()


def test_project_in_the_url(application):
    """It must be the caller's project; another one is refused before the look-up."""
    path = '/{}/servers/{}/action'
    own = path.format(PROJECT_A, server_id('01'))
    assert ask(application, own, SERIAL, token=ALICE).status_int == 200
    other = path.format('b' * 32, server_id('ff'))
    response = ask(application, other, SERIAL, token=ALICE)
    assert response.status_int == 400
    assert fault(response)[1].startswith('Malformed request URL')
