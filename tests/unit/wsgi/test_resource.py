# SPDX-License-Identifier: Apache-2.0
"""Processing one request, from headers to response."""

import json
import logging
from typing import Any

import pytest
import webob.exc

from console_ext import exceptions
from console_ext.servers.base import Server
from console_ext.wsgi import microversions, resource
from console_ext.wsgi.request import LEGACY_V2, Request
from console_ext.wsgi.resource import Resource
from tests.parts.deployment import PROJECT_A, PROJECT_B, server_id
from tests.parts.wsgi_client import ADMIN, ALICE, BOB, READER, build, fault
from tests.unit.wsgi.host import Host

SECRET = 'a-secret-of-the-plugin'

# The order of checks: for each pair of faults, the earlier one is reported.

FAULTS: list[tuple[str, int, dict[str, Any]]] = [
    ('version', 406, {'headers': {'OpenStack-API-Version': 'compute 2.9'}}),
    ('content type', 415, {'environ': {'CONTENT_TYPE': 'text/html'}}),
    ('body', 400, {'body': b'{'}),
    ('action', 400, {'body': {'os-none': {}}}),
    ('identity', 401, {'token': None}),
    ('project', 400, {'args': {'project_id': PROJECT_B}}),
    ('schema', 400, {'body': {'os-act': 7}}),
    ('server', 404, {'number': 'ff'}),
    ('policy', 403, {'token': READER}),
]
MESSAGES = {
    'body': 'Malformed request body',
    'action': 'There is no such action: os-none',
    'project': 'Malformed request URL',
    'schema': 'Invalid input for field/attribute os-act. Value: 7.',
}
PAIRS = [
    (first, second)
    for index, first in enumerate(FAULTS)
    for second in FAULTS[index + 1 :]
    # A request has only one body and one identity.
    if not (set(first[2]) & set(second[2]))
]


@pytest.mark.parametrize(
    ('first', 'second'), PAIRS, ids=lambda one: one[0].replace(' ', '-')
)
def test_order_of_checks(host, first, second):
    """A request with two faults gets the error of the earlier check."""
    name, status, how = first
    response = host.ask(**{**how, **second[2]})
    assert response.status_int == status
    assert fault(response)[1].startswith(MESSAGES.get(name, ''))
    assert host.controller.seen is None


@pytest.mark.parametrize('one', FAULTS, ids=lambda one: one[0].replace(' ', '-'))
def test_each_fault_alone(host, one):
    """Verifies that each fault in the table above has an effect by itself."""
    name, status, how = one
    response = host.ask(**how)
    assert response.status_int == status
    assert fault(response)[1].startswith(MESSAGES.get(name, ''))


def test_action_before_version(host):
    """An unknown action is unknown at every version; a known one has its versions."""
    at_next = {'OpenStack-API-Version': 'compute 2.6'}
    host.resource = Resource(host.resource.policy, host.resource.servers, None)
    assert host.ask(headers=at_next, body={'os-none': {}}).status_int == 400
    response = host.ask(headers=at_next, body={'os-act': 7}, token=None)
    assert fault(response) == ('itemNotFound', 'The resource could not be found.')


def test_state_after_policy(host):
    """The method is not called if the policy refuses."""

    def conflict():
        raise exceptions.ServerNotReady('x')

    host.controller.do = conflict
    assert host.ask().status_int == 409
    assert host.ask(token=READER).status_int == 403


# The arguments of a method, and the target of the policy.


def test_what_a_method_gets(host):
    """The request with its context, the server, and the body; no ids of the URL."""
    host.ask(args={'project_id': PROJECT_A})
    request, server, body = host.controller.seen
    assert isinstance(server, Server)
    assert server.id == server_id('01')
    assert body == {'os-act': {}}
    assert request.context.user_id == 'alice'
    assert request.version == microversions.Version(2, 1)


def test_variables_of_the_url(host):
    """The method gets the id of a resource, but not the project."""
    args = {'thing_id': '7', 'project_id': PROJECT_A}
    host.ask('delete', method='DELETE', args=args)
    assert host.controller.seen == '7'


def test_target_is_the_server(host):
    """An administrator of another project may access it; a member does not see it."""
    assert host.ask(token=ADMIN, number='02').status_int == 200
    assert host.ask(token=ALICE, number='02').status_int == 404
    assert host.ask(token=BOB, number='02').status_int == 200


def test_target_without_a_server_is_the_caller(host):
    """So a rule about the owner is about the caller."""
    response = host.ask('delete', method='DELETE', args={'thing_id': '7'})
    assert response.status_int == 200


# Answers.


def test_success(host):
    """Status, JSON, and version headers."""
    response = host.ask()
    assert response.status_int == 200
    assert response.json == {'done': True}
    assert response.headers['Content-Type'] == 'application/json'
    assert response.headers['OpenStack-API-Version'] == 'compute 2.1'
    assert response.headers['X-OpenStack-Nova-API-Version'] == '2.1'
    assert response.headers.getall('Vary') == [
        'OpenStack-API-Version',
        'X-OpenStack-Nova-API-Version',
    ]


def test_declared_status(host):
    """A method may declare 202."""
    assert host.ask('index', method='GET').status_int == 202


def test_success_without_a_body(host):
    """No body is not the same as null, and has no content type."""
    response = host.ask('delete', method='DELETE', args={'thing_id': '7'})
    assert response.body == b''
    assert 'Content-Type' not in response.headers
    assert response.headers['OpenStack-API-Version'] == 'compute 2.1'


@pytest.mark.parametrize(
    ('asked', 'named'),
    [
        ('compute 2.1', '2.1'),
        ('compute 2.5', '2.5'),
        ('compute latest', '2.5'),
        ('compute 2.6', '2.6'),
        ('compute 2.0', '2.0'),
        ('compute nonsense', None),
    ],
)
def test_version_headers(host, asked, named):
    """The version that was used or refused; none if it could not be parsed."""
    response = host.ask(headers={'OpenStack-API-Version': asked})
    expected = None if named is None else f'compute {named}'
    assert response.headers.get('OpenStack-API-Version') == expected
    assert response.headers.get('X-OpenStack-Nova-API-Version') == named
    assert len(response.headers.getall('Vary')) == (0 if named is None else 2)


@pytest.mark.parametrize('asked', ['compute 2.6', 'compute 9.9', 'compute nonsense'])
def test_legacy_knows_no_microversions(host, asked):
    """Below /v2, the version header is ignored and not sent."""
    response = host.ask(
        headers={'OpenStack-API-Version': asked}, environ={LEGACY_V2: True}
    )
    assert response.status_int == 200
    assert 'OpenStack-API-Version' not in response.headers
    assert 'Vary' not in response.headers


def test_legacy_lets_further_properties_pass(host):
    """As Nova's /v2 does; an action still has exactly one key."""
    body = {'os-act': {'extra': 1}}
    legacy = {LEGACY_V2: True}
    assert host.ask(body=body).status_int == 400
    assert host.ask(body=body, environ=legacy).status_int == 200
    two = {'os-act': {}, 'extra': 1}
    assert host.ask(body=two, environ=legacy).status_int == 400


VENDOR = 'application/vnd.openstack.compute+json'


@pytest.mark.parametrize(
    ('accept', 'content_type'),
    [
        (None, 'application/json'),
        ('', 'application/json'),
        ('*/*', 'application/json'),
        ('application/json', 'application/json'),
        (VENDOR, VENDOR),
        (f'application/json;q=0.5, {VENDOR}', VENDOR),
        (f'application/json, {VENDOR};q=0.5', 'application/json'),
        ('text/html', 'application/json'),
        ('application/json;q=0', 'application/json'),
        ('not a header;;;', 'application/json'),
        ('application/json;q=abc', 'application/json'),
        ('\xff', 'application/json'),
    ],
)
def test_accept(host, accept, content_type):
    """The client's preference among Nova's two types, otherwise JSON."""
    environ = {} if accept is None else {'HTTP_ACCEPT': accept}
    response = host.ask(environ=environ)
    assert response.status_int == 200
    assert response.headers['Content-Type'] == content_type


# Errors of plugins.


def assert_tells_nothing(response):
    assert response.status_int == 500
    assert SECRET not in response.text
    assert fault(response) == (
        'computeFault',
        'Unexpected API Error. Please tell the administrator this request id: req-9',
    )


def raising(error):
    def do():
        raise error

    return do


@pytest.mark.parametrize(
    'error',
    [
        ValueError(SECRET),
        KeyError(SECRET),
        exceptions.InventoryError('/etc/x', SECRET),
        exceptions.UnexpectedReply('h', SECRET),
        exceptions.LookUpFailed(SECRET),
        exceptions.ConsoleNotSupported(),
        webob.exc.HTTPInternalServerError(SECRET),
        webob.exc.HTTPGone(explanation=SECRET),
        webob.exc.HTTPMovedPermanently(location=f'http://{SECRET}/'),
    ],
    ids=lambda error: type(error).__name__,
)
def test_error_that_was_not_expected(host, error, caplog):
    """A status that the method did not declare becomes a 500 without details."""
    host.controller.do = raising(error)
    assert_tells_nothing(host.ask(environ={'openstack.request_id': 'req-9'}))
    (record,) = [one for one in caplog.records if one.name.startswith('console_ext')]
    assert record.levelno == logging.ERROR
    assert 'req-9' in record.getMessage()


def test_traceback_is_in_the_log(host, caplog):
    """Only for unexpected errors; an invalid answer of a host is one line."""
    host.controller.do = raising(ValueError(SECRET))
    host.ask()
    host.controller.do = raising(exceptions.UnexpectedReply('h', 'odd'))
    host.ask()
    first, second = [o for o in caplog.records if o.name.startswith('console_ext')]
    assert first.exc_info[0] is ValueError
    assert 'Controller.act' in first.getMessage()
    assert not second.exc_info
    assert 'compute host h: odd' in second.getMessage()


@pytest.mark.parametrize(
    'error',
    [
        exceptions.UnexpectedReply('h\nERROR\x1b[2J', 'odd\nERROR\x1b[2J'),
        exceptions.LookUpFailed('odd\nERROR\x1b[2J' * 10**5),
        exceptions.HostUnreachable('h\nERROR\x1b[2J' * 10**5),
    ],
    ids=lambda error: type(error).__name__,
)
def test_words_of_others_in_the_log(host, error, caplog):
    """One line of limited length, without control characters."""
    host.controller.do = raising(error)
    host.ask()
    (record,) = [one for one in caplog.records if one.name.startswith('console_ext')]
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 2000


@pytest.mark.parametrize(
    ('error', 'status'),
    [
        (exceptions.ServerNotReady('x'), 409),
        (exceptions.HostUnreachable('a-host'), 503),
        (exceptions.BusUnreachable(), 503),
        (exceptions.ServersUnavailable(), 503),
        (exceptions.InvalidConsoleType('x'), 400),
        (exceptions.NotAuthorized('x'), 403),
        (exceptions.ServerNotFound('x'), 404),
        (webob.exc.HTTPConflict(explanation='busy'), 409),
        (webob.exc.HTTPBadRequest(explanation='no'), 400),
    ],
    ids=lambda value: type(value).__name__,
)
def test_error_that_was_expected(host, error, status):
    """A declared error, or one of the checks before the method."""
    host.controller.do = raising(error)
    response = host.ask()
    assert response.status_int == status
    assert response.headers['OpenStack-API-Version'] == 'compute 2.1'


def test_unreachable_host_is_named_in_the_log_only(host, caplog):
    """An operator needs the name, but users do not learn it."""
    host.controller.do = raising(exceptions.HostUnreachable('a-host'))
    response = host.ask(environ={'openstack.request_id': 'req-9'})
    assert 'a-host' not in response.text
    (record,) = [one for one in caplog.records if one.name.startswith('console_ext')]
    assert record.levelno == logging.WARNING
    assert 'a-host' in record.getMessage()
    assert 'req-9' in record.getMessage()


def test_answer_that_does_not_fit_its_schema(host, caplog):
    """The value may be a token, so neither the response nor the log has it."""
    host.controller.do = lambda: {'url': SECRET}
    assert_tells_nothing(host.ask(environ={'openstack.request_id': 'req-9'}))
    assert SECRET not in caplog.text


@pytest.mark.parametrize('answer', [{'done': object()}, {'done': {1, 2}}])
def test_answer_that_is_no_json(host, answer):
    """The return value of a plugin is checked too."""
    host.controller.do = lambda: answer
    assert_tells_nothing(host.ask(environ={'openstack.request_id': 'req-9'}))


def test_expected_errors_of_one_method_are_not_those_of_another(host):
    """``index`` declares no error of its own."""
    host.controller.do = raising(exceptions.ServerNotReady('x'))
    assert host.ask('index', method='GET').status_int == 500


def test_refusal_of_a_request_that_led_nowhere():
    """Without an operation, there are no declared errors."""
    request = Request(build('/').environ)
    request.version = None
    error = exceptions.ConsoleNotSupported()
    response = resource.error_response(request, None, error)
    assert response.status_int == 501
    assert json.loads(response.body)['notImplemented']['message'] == str(error)


def test_latest_of_an_api_that_is_not_ours(deployment):
    """The newest version is unknown, so there are no version headers."""
    host = Host(deployment.conf(), supported=None)
    headers = {'OpenStack-API-Version': 'compute latest'}
    response = host.ask('index', method='GET', headers=headers)
    assert response.status_int == 202
    assert 'OpenStack-API-Version' not in response.headers


def test_nothing_of_ours_is_left_in_the_environ(host):
    """A request that is passed on has an unchanged environ."""
    host.ask()
    assert 'webob.adhoc_attrs' not in host.controller.seen[0].environ
