# SPDX-License-Identifier: Apache-2.0
"""The extensions as a filter in front of another compute API."""

import io
import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from console_ext import exceptions, wsgi
from console_ext.policy import Policy
from console_ext.servers.inventory import InventoryLookUp
from console_ext.wsgi import filter as console_filter
from console_ext.wsgi.loader import Loaded
from console_ext.wsgi.operation import Operation
from console_ext.wsgi.responses import json_response
from console_ext.wsgi.router import Router
from tests.parts.deployment import PROJECT_A, PROJECT_B, Deployment, server_id
from tests.parts.wsgi_client import (
    ADMIN,
    ALICE,
    READER,
    SERIAL,
    SPICE,
    ask,
    build,
    chunked,
    fault,
)
from tests.unit.wsgi.resource_extension import DOCUMENT

ROOT = Path(__file__).parents[3]
ACTION = f'/servers/{server_id("01")}/action'


class Unreadable(io.RawIOBase):
    """A body that must not be read."""

    def readable(self):
        return True

    def readinto(self, buffer):
        raise AssertionError('the body was read')


class Behind:
    """The wrapped API: answers with its versions, and records other requests."""

    def __init__(self):
        self.document = DOCUMENT
        self.environs = []
        self.bodies = []

    def __call__(self, environ, start_response):
        if (environ['SCRIPT_NAME'], environ['PATH_INFO']) == ('/v2.1', '/'):
            return json_response(200, self.document)(environ, start_response)
        self.environs.append(environ)
        body = environ['wsgi.input']
        if not isinstance(body, Unreadable):
            self.bodies.append(body.read())
        return json_response(299, {'behind': True})(environ, start_response)


@pytest.fixture(scope='module')
def built(tmp_path_factory):
    """The filter and the wrapped API, for all tests that change nothing."""
    deployment = Deployment(tmp_path_factory.mktemp('filter'))
    deployment.configure(console_rpc={'timeout': 0.2})
    behind = Behind()
    factory = console_filter.factory({}, config_files=str(deployment.config_file))
    application = factory(behind)
    yield application, behind
    application.close()


@pytest.fixture
def behind(built):
    built[1].__init__()
    return built[1]


@pytest.fixture
def application(built, behind):
    return built[0]


PASSED_ON: list[tuple[str, Any, dict[str, Any]]] = [
    (ACTION, {'os-getRDPConsole': {'type': 'rdp-html5'}}, {}),
    (ACTION, {}, {}),
    (ACTION, b'', {}),
    (ACTION, b'{', {}),
    (ACTION, b'null', {}),
    (ACTION, b'\xff', {}),
    (ACTION, {**SERIAL, **SPICE}, {}),
    (ACTION, SERIAL, {'headers': {'OpenStack-API-Version': 'compute 2.6'}}),
    (ACTION, SERIAL, {'headers': {'OpenStack-API-Version': 'compute latest'}}),
    (ACTION, SERIAL, {'headers': {'OpenStack-API-Version': 'compute x'}}),
    (ACTION, SERIAL, {'environ': {'CONTENT_TYPE': 'text/html'}}),
    (ACTION, SERIAL, {'method': 'PUT'}),
    (ACTION + '/', SERIAL, {}),
    ('/servers/%ff/action', SERIAL, {}),
    ('/', None, {}),
    ('/servers', None, {}),
    (f'/servers/{server_id("01")}', None, {'method': 'DELETE'}),
]


@pytest.mark.parametrize(('path', 'body', 'how'), PASSED_ON)
def test_what_is_not_ours_is_passed_on(application, behind, path, body, how):
    """The body can be read again, and the environ is unchanged."""
    request = build(path, body, token=ALICE, **how)
    sent = request.environ['wsgi.input'].read()
    request.environ['wsgi.input'] = io.BytesIO(sent)
    before = dict(request.environ)
    response = request.get_response(application)
    assert response.status_int == 299
    assert behind.bodies == [sent]
    (environ,) = behind.environs
    # WebOb stores its own values in the environ.
    own = {'wsgi.input'} | {key for key in environ if key.startswith('webob.')}
    assert {key: environ[key] for key in environ.keys() - own} == {
        key: before[key] for key in before.keys() - own
    }


@pytest.mark.parametrize(
    ('path', 'body'), [('/images/1/file', None), (ACTION, {'os-stop': None})]
)
def test_answers_of_others_are_handed_on_as_they_come(deployment, path, body):
    """The answer goes directly from the wrapped API to the web server."""
    seen = []
    stream = iter([b'one', b'two'])

    def behind(environ, start_response):
        seen.append(start_response)
        return stream

    def start_response(status, headers, exc_info=None):
        raise AssertionError('only the API behind us may call it')

    application = console_filter.build_filter(deployment.conf(), behind)
    environ = build(path, body, token=ALICE).environ
    assert application(environ, start_response) is stream
    assert seen == [start_response]
    assert next(stream) == b'one'


GUEST = """
import logging
import os
import signal
import sys
import threading

import console_ext.cmd
from oslo_config import cfg
# oslo.messaging registers options of its own with the global CONF when it is imported.
from console_ext.api import remote_consoles
from console_ext.wsgi import filter
from tests.parts.wsgi_client import ALICE, SERIAL, ask

def state():
    return (
        threading.enumerate(),
        threading.excepthook,
        sys.excepthook,
        sys.path[:],
        [
            (logger.level, logger.handlers[:], logger.propagate)
            for logger in (logging.getLogger(), logging.getLogger('console_ext'))
        ],
        logging.lastResort,
        [signal.getsignal(number) for number in signal.valid_signals()],
        os.listdir('/proc/self/fd'),
        sorted(os.environ),
        os.getcwd(),
        sorted(cfg.CONF),
    )

def behind(environ, start_response):
    start_response('299 Behind', [])
    return [b'']

before = state()
path, action = sys.argv[1:]
application = filter.factory({}, config_files=path)(behind)
assert ask(application, '/', token=ALICE).status_int == 299
assert ask(application, action, {'os-stop': None}, token=ALICE).status_int == 299
assert ask(application, action, SERIAL, token=ALICE).status_int == 409
after = state()
assert before == after, (before, after)
"""


def test_guest_in_another_s_process(deployment):
    """Loaded and asked, it leaves the process as it was; what is global is not ours.

    The server has no host, so that nobody is asked for it.
    """
    action = f'/servers/{server_id("03")}/action'
    deployment.configure(DEFAULT={'transport_url': 'rabbit://u:p@127.0.0.1:1/'})
    result = subprocess.run(
        [sys.executable, '-c', GUEST, str(deployment.config_file), action],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, '', '')


@pytest.mark.parametrize('path', ['/', '/servers', '/images/1/action', ACTION + 'x'])
def test_nothing_is_read_of_other_paths(application, behind, path):
    """The body is not read."""
    request = build(path, method='POST', environ={'wsgi.input': Unreadable()})
    request.environ['CONTENT_LENGTH'] = '1000'
    assert request.get_response(application).status_int == 299


@pytest.mark.parametrize(('extra', 'passed'), [(0, False), (1, True)])
def test_oversized_body_is_passed_on_unread(deployment, application, extra, passed):
    """The wrapped API applies its own limit."""
    body = json.dumps(SERIAL).encode()
    body += b' ' * (114688 + extra - len(body))
    request = build(ACTION, body, token=READER)
    if passed:
        request.environ['wsgi.input'] = Unreadable()
    response = request.get_response(application)
    assert response.status_int == (299 if passed else 403)


def test_limit_of_the_configuration(deployment, behind):
    """The option is that of oslo.middleware, which a nova.conf may set."""
    deployment.configure(oslo_middleware={'max_request_body_size': 10})
    application = console_filter.build_filter(deployment.conf(), behind)
    assert ask(application, ACTION, SERIAL, token=READER).status_int == 299


def test_chunked_bodies(application, behind):
    """Ours are answered; others are passed on completely."""
    ours = chunked(json.dumps(SERIAL).encode())
    response = ask(application, ACTION, method='POST', token=READER, environ=ours)
    assert response.status_int == 403
    body = b'{"os-stop": null}'
    response = ask(
        application, ACTION, method='POST', token=READER, environ=chunked(body)
    )
    assert response.status_int == 299
    assert behind.bodies == [body]


def test_client_s_own_identity(deployment, behind, caplog):
    """Without authentication in front, requests are refused; the log says so once."""
    application = console_filter.build_filter(deployment.conf(), behind)
    claimed = {
        'X-User-Id': 'mallory',
        'X-Project-Id': PROJECT_A,
        'X-Roles': 'admin',
        'X-Identity-Status': 'Confirmed',
    }
    for body in (SERIAL, SPICE) * 50:
        response = ask(application, ACTION, body, headers=claimed)
        assert response.status_int == 401
        assert fault(response)[0] == 'unauthorized'
    assert behind.environs == []
    (record,) = caplog.records
    assert 'no authentication filter' in record.getMessage()


@pytest.mark.parametrize(
    ('document', 'body', 'status'),
    [
        ({'version': {'version': '2.3', 'min_version': '2.1'}}, SERIAL, 403),
        ({'version': {'version': '2.6', 'min_version': '2.1'}}, SERIAL, 299),
        ({}, SERIAL, 503),
        ({}, {'os-stop': None}, 299),
    ],
    ids=str,
)
def test_action_at_latest(deployment, behind, document, body, status):
    """The action exists if the wrapped API's newest microversion has it."""
    behind.document = document
    application = console_filter.build_filter(deployment.conf(), behind)
    latest = {'OpenStack-API-Version': 'compute latest'}
    response = ask(application, ACTION, body, token=READER, headers=latest)
    assert response.status_int == status


def nova_context():
    roles = ['admin', 'member', 'reader']
    return SimpleNamespace(user_id='alice', project_id=PROJECT_A, roles=roles)


class OfNova(Behind):
    """The wrapped API, recognised as Nova's."""


OfNova.__module__ = 'nova.api.openstack.compute.routes'

NOVA_FILES = {'api_database': {'connection': 'mysql+pymysql://nova@database/nova_api'}}


def test_in_a_nova_without_its_files(deployment):
    """The start fails, because Nova's policy would be ignored."""
    with pytest.raises(exceptions.ConfigurationError) as caught:
        console_filter.build_filter(deployment.conf(), OfNova())
    assert f'Files read: {deployment.config_file}.' in str(caught.value)
    deployment.configure(**NOVA_FILES)
    assert console_filter.build_filter(deployment.conf(), OfNova())


def test_request_through_a_nova_without_its_files(deployment, behind, caplog):
    """If only a request shows it, it gets a 500; others are passed on."""
    through_nova = {'environ': {'nova.context': nova_context()}}
    application = console_filter.build_filter(deployment.conf(), behind)
    for _ in range(50):
        response = ask(application, ACTION, SERIAL, **through_nova)
        assert response.status_int == 500
        assert fault(response)[0] == 'computeFault'
    (record,) = caplog.records
    assert 'config_files' in record.getMessage()
    other = ask(application, ACTION, {'os-stop': None}, **through_nova)
    assert other.status_int == 299
    deployment.configure(console_rpc={'timeout': 0.2}, **NOVA_FILES)
    application = console_filter.build_filter(deployment.conf(), behind)
    assert ask(application, ACTION, SERIAL, **through_nova).status_int == 503


ANSWERED = [
    ({'token': None}, 401, 'unauthorized'),
    ({'token': READER}, 403, 'forbidden'),
    ({'path': f'/{PROJECT_B}{ACTION}'}, 400, 'badRequest'),
    ({'path': f'/servers/{server_id("02")}/action'}, 404, 'itemNotFound'),
    ({'path': f'/{PROJECT_A}/servers/x/action'}, 404, 'itemNotFound'),
    ({'path': f'/servers/{server_id("05")}/action'}, 409, 'conflictingRequest'),
    ({'path': f'/servers/{server_id("08")}/action'}, 503, 'serviceUnavailable'),
    ({'body': {'os-getSerialConsole': {'type': 'x'}}}, 400, 'badRequest'),
]


@pytest.mark.parametrize(('how', 'status', 'name'), ANSWERED)
def test_what_is_ours_is_answered(application, behind, how, status, name):
    """The wrapped API does not get the request."""
    how = {'path': ACTION, 'body': SERIAL, 'token': ALICE, **how}
    response = ask(application, how.pop('path'), how.pop('body'), **how)
    assert response.status_int == status
    assert fault(response)[0] == name
    assert response.headers['OpenStack-API-Version'] == 'compute 2.1'
    assert behind.environs == []


def test_closing_reaches_every_extension(deployment, behind):
    """Each extension is closed exactly once."""

    class Closing:
        closed = 0

        def close(self):
            self.closed += 1

    one, two = Closing(), Closing()
    conf = deployment.conf()
    loaded = Loaded([one, two], Policy(conf), Router())
    console_filter.Filter(behind, loaded, InventoryLookUp(conf), None, 0, False).close()
    assert (one.closed, two.closed) == (1, 1)


def test_look_up_of_the_caller_s(deployment, behind):
    """A look-up can be passed as an argument instead of configuring one."""

    class Nowhere:
        def get(self, context, server_id):
            raise exceptions.ServerNotFound(server_id)

    deployment.configure(api={'servers': 'no-such-thing'})
    application = console_filter.build_filter(
        deployment.conf(), behind, look_up=Nowhere()
    )
    assert ask(application, ACTION, SERIAL, token=ALICE).status_int == 404


def test_resource_of_an_extension(deployment, behind):
    """Its methods answer or refuse; requests without a method are passed on."""

    class Things:
        @wsgi.authorize('context_is_admin')
        @wsgi.api_version('2.3')
        def index(self, request):
            return {'things': []}

    conf = deployment.conf()
    router = Router()
    index = Operation.compile('things', Things().index, names_server=False)
    router.connect('GET', '/things', index)
    application = console_filter.Filter(
        behind,
        Loaded([], Policy(conf), router),
        InventoryLookUp(conf),
        None,
        1000,
        False,
    )
    at_2_3 = {'OpenStack-API-Version': 'compute 2.3'}
    answered = ask(application, '/things', token=ADMIN, headers=at_2_3)
    assert answered.json == {'things': []}
    assert ask(application, '/things', token=ALICE, headers=at_2_3).status_int == 403
    assert behind.environs == []
    assert ask(application, '/things', token=ADMIN).status_int == 299
    assert ask(application, '/things', token=ADMIN, method='PUT').status_int == 299
