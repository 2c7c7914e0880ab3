# SPDX-License-Identifier: Apache-2.0
"""The look-up in the wrapped API."""

import copy
import json
from typing import Any

import pytest

from console_ext import exceptions
from console_ext.context import RequestContext
from console_ext.servers import base
from console_ext.servers.base import Server
from console_ext.servers.upstream import MAX_ANSWER_BYTES, UpstreamLookUp
from tests.parts.deployment import PROJECT_A, PROJECT_B, server_id

ID = server_id('0a')
REQUEST_ID = 'req-11111111-2222-4333-8444-555555555555'

VIEW: dict[str, Any] = {
    'id': ID,
    'name': 'web-1',
    'tenant_id': PROJECT_A,
    'user_id': 'alice',
    'OS-EXT-SRV-ATTR:host': 'compute-1',
    'OS-EXT-STS:vm_state': 'active',
    'OS-EXT-STS:task_state': None,
    'OS-EXT-STS:power_state': 1,
    'locked': True,
    'metadata': {},
}


class NovaContext:
    """The part of Nova's context that the look-up uses."""

    is_admin = False
    system_scope = 'all'
    domain_id = 'x'

    def __init__(self):
        self.roles = ['reader']

    def elevated(self):
        administrator = copy.copy(self)
        administrator.is_admin = True
        administrator.roles = [*self.roles, 'admin']
        return administrator


class Behind:
    """An API that answers as the test sets."""

    def __init__(self):
        self.environs = []
        self.status = '200 OK'
        self.answer = {'server': VIEW}
        self.closed = 0

    def __call__(self, environ, start_response):
        self.environs.append(environ)
        start_response(self.status, [('Content-Type', 'application/json')])
        return self

    def __iter__(self):
        answer = self.answer
        yield answer if isinstance(answer, bytes) else json.dumps(answer).encode()

    def close(self):
        self.closed += 1


@pytest.fixture
def behind():
    return Behind()


@pytest.fixture
def look_up(behind, deployment):
    deployment.configure(api={'servers': 'upstream'})
    return base.load(deployment.conf(), behind)


def who(project_id=PROJECT_A, **more):
    return RequestContext(
        user_id='x',
        project_id=project_id,
        request_id=REQUEST_ID,
        overwrite=False,
        **more,
    )


def test_server(look_up):
    """All fields that the API shows; there is no database id."""
    assert isinstance(look_up, UpstreamLookUp)
    assert look_up.get(who(), ID) == Server(
        id=ID,
        name='web-1',
        project_id=PROJECT_A,
        user_id='alice',
        host='compute-1',
        vm_state='active',
        task_state=None,
        power_state=1,
        locked=True,
    )


@pytest.mark.parametrize('nothing', [None, ''])
def test_server_without_a_host(look_up, behind, nothing):
    """The server has not been scheduled yet."""
    behind.answer = {'server': {**VIEW, 'OS-EXT-SRV-ATTR:host': nothing}}
    assert look_up.get(who(), ID).host is None


def test_what_is_asked(look_up, behind):
    """One request on behalf of the caller, with the request's id."""
    look_up.get(who(roles=['reader']), ID)
    (environ,) = behind.environs
    assert environ['REQUEST_METHOD'] == 'GET'
    assert environ['PATH_INFO'] == f'/servers/{ID}'
    assert environ['openstack.request_id'] == REQUEST_ID
    assert environ['HTTP_X_USER_ID'] == 'x'
    assert environ['HTTP_X_PROJECT_ID'] == PROJECT_A
    assert environ['HTTP_X_ROLES'] == 'admin'
    assert 'nova.context' not in environ
    assert environ['wsgi.input'].read() == b''
    assert behind.closed == 1


def test_nova_s_context_is_raised(look_up, behind):
    """A copy of the context gets the rights; the caller's stays unchanged."""
    context = who(None, system_scope='all')
    context.nova = NovaContext()
    look_up.get(context, ID)
    (environ,) = behind.environs
    raised = environ['nova.context']
    assert (raised.is_admin, raised.system_scope, raised.domain_id) == (
        True,
        None,
        None,
    )
    assert raised.roles == ['reader', 'admin']
    assert (context.nova.is_admin, context.nova.system_scope) == (False, 'all')
    assert context.nova.roles == ['reader']
    assert 'HTTP_X_PROJECT_ID' not in environ


def test_roles_of_another_policy(behind, deployment):
    """For an API whose administrators do not have the role admin."""
    deployment.configure(api={'servers': 'upstream', 'upstream_roles': 'boss,chief'})
    look_up = base.load(deployment.conf(), behind)
    context = who()
    context.nova = NovaContext()
    look_up.get(context, ID)
    (environ,) = behind.environs
    assert environ['HTTP_X_ROLES'] == 'boss,chief'
    assert environ['nova.context'].roles[-2:] == ['boss', 'chief']


@pytest.mark.parametrize('status', ['200 OK', '403 Forbidden'])
def test_roles_that_do_not_suffice(look_up, behind, status):
    """The error names the option for the roles."""
    behind.status = status
    behind.answer = {
        'server': {k: v for k, v in VIEW.items() if not k.endswith('host')}
    }
    with pytest.raises(exceptions.LookUpFailed) as caught:
        look_up.get(who(), ID)
    assert 'to [api] upstream_roles = admin' in str(caught.value)


@pytest.mark.parametrize(
    ('context', 'found'),
    [
        (who(), True),
        (who(PROJECT_B), False),
        (who(PROJECT_B, is_admin=True), True),
        (who(None, system_scope='all'), True),
        (who(None), False),
    ],
)
def test_who_finds_it(look_up, context, found):
    """The API is asked as an administrator, but the caller's project is checked."""
    if found:
        assert look_up.get(context, ID).id == ID
    else:
        with pytest.raises(exceptions.ServerNotFound, match=ID):
            look_up.get(context, ID)


@pytest.mark.parametrize(
    'text', ['detail', '', '1', '..', f'{ID}.json', f'{ID}/ips', ID + '\n', '٠' * 36]
)
def test_what_is_no_id_is_not_asked_for(look_up, behind, text):
    """Such a text could lead to another resource of the API."""
    with pytest.raises(exceptions.ServerNotFound):
        look_up.get(who(), text)
    assert behind.environs == []


def test_id_in_capitals(look_up):
    """Nova with MySQL finds it, and answers with its own spelling."""
    assert look_up.get(who(), ID.upper()).id == ID


@pytest.mark.parametrize(
    ('status', 'error'),
    [
        ('404 Not Found', exceptions.ServerNotFound),
        ('410 Gone', exceptions.ServerNotFound),
        ('429 Too Many', exceptions.ServersUnavailable),
        ('500 Internal', exceptions.ServersUnavailable),
        ('503 Later', exceptions.ServersUnavailable),
        ('300 Multiple', exceptions.LookUpFailed),
        ('401 Unauthorized', exceptions.LookUpFailed),
        ('403 Forbidden', exceptions.LookUpFailed),
        ('406 Version', exceptions.LookUpFailed),
        ('', exceptions.LookUpFailed),
        ('x', exceptions.LookUpFailed),
    ],
)
def test_other_statuses(look_up, behind, status, error):
    """Temporary or permanent errors; the API's texts are not passed on."""
    behind.status = status
    behind.answer = {'computeFault': {'message': 'a secret of the API'}}
    with pytest.raises(error) as caught:
        look_up.get(who(), ID)
    assert 'secret' not in str(caught.value)
    assert behind.closed == 1


@pytest.mark.parametrize(
    'answer',
    [
        b'',
        b'\xff',
        b'[' * 100_000,
        b'null',
        {},
        {'servers': []},
        {'server': None},
        {'server': {**VIEW, 'id': 3}},
        {'server': {**VIEW, 'id': server_id('ff')}},
        {'server': {**VIEW, 'tenant_id': None}},
        {'server': {**VIEW, 'OS-EXT-SRV-ATTR:host': ['h']}},
        {'server': {k: v for k, v in VIEW.items() if k != 'OS-EXT-SRV-ATTR:host'}},
    ],
)
def test_answers_that_make_no_sense(look_up, behind, answer):
    """A missing host field is an error, not an unscheduled server."""
    behind.answer = answer
    with pytest.raises(exceptions.LookUpFailed):
        look_up.get(who(), ID)


def test_endless_answer(deployment):
    """The answer is limited to the size of a server's view."""
    sent = 0

    def endless(environ, start_response):
        nonlocal sent
        write = start_response('200 OK', [])
        while True:
            sent += 1
            write(b' ' * 2**16)

    with pytest.raises(exceptions.LookUpFailed, match='too large'):
        UpstreamLookUp(deployment.conf(), endless).get(who(), ID)
    assert sent <= MAX_ANSWER_BYTES / 2**16 + 1


def test_answer_that_was_begun_again(deployment):
    """An application that fails half-way may start its answer again."""

    def failing(environ, start_response):
        start_response('200 OK', [])
        start_response('500 Internal', [], (None, None, None))
        return [b'']

    with pytest.raises(exceptions.ServersUnavailable):
        UpstreamLookUp(deployment.conf(), failing).get(who(), ID)


def test_nothing_behind(deployment):
    """The stand-alone API has no wrapped API."""
    deployment.configure(api={'servers': 'upstream'})
    with pytest.raises(exceptions.ConfigurationError, match='upstream works only'):
        base.load(deployment.conf(), None)
