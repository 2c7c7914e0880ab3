# SPDX-License-Identifier: Apache-2.0
"""The recorded requests, to one Nova with and without the filter."""

from __future__ import annotations

import re

import pytest

from tests.functional.recorded import CASES, CONSOLE_CASES, send
from tests.integration.nova.client import Client

# Rows for the stand-alone API; Nova answers these itself, before or after the filter.
NOVA_S_OWN = {
    'request body over the limit',
    'JSON that is not an object',
    'RDP console',
}

UUID = re.compile('[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}')
# Ids of servers stay the same; those of requests and tokens are always new.  Tokens of
# the API are not UUIDs.
NEW = re.compile(f'(req-|token(?:=|%3D))(?:{UUID.pattern}|[0-9A-Za-z_-]{{43}})')

# Nova writes to a server's row when it is first shown.
UPDATED = re.compile('"updated": "[^"]*"')

NOT_COMPARED = {'Content-Length', 'Date'}


def seen(response) -> dict:
    """What can be compared of a response."""
    root = response.url.partition('/v')[0]
    headers = sorted(
        (name, NEW.sub(r'\1', value))
        for name, value in response.raw.headers.items()
        if name not in NOT_COMPARED
    )
    return {
        'status': response.status_code,
        'headers': headers,
        'body': UPDATED.sub('', NEW.sub(r'\1', response.text)).replace(root, ''),
    }


@pytest.fixture(scope='module')
def differences():
    """The table of differences as it was seen; it is printed at the end."""
    table = []
    yield table
    print()
    for row, case, *responses in table:
        print(f'{row} ({case})')
        for who, response in zip(('Nova', 'here'), responses, strict=True):
            print(f'    {who}: {response.status_code} {response.text}')


@pytest.mark.parametrize('case', CASES, ids=[case['case'] for case in CASES])
def test_recorded_request(plain, filtered, case, differences):
    """The answer is Nova's, or that of its row in the table of differences."""
    check(plain, filtered, case, differences)


@pytest.mark.parametrize('api', ['by_nova', 'storing'])
@pytest.mark.parametrize(
    'case', CONSOLE_CASES, ids=[case['case'] for case in CONSOLE_CASES]
)
def test_recorded_request_of_consoles(request, plain, api, case, differences):
    """The same for consoles, with tokens of the compute hosts and of the API."""
    check(plain, request.getfixturevalue(api), case, differences)


def check(plain, filtered, case, differences):
    without, ours = (send(Client(url), case) for url in (plain, filtered))
    row = case.get('here', {}).get('row')
    if row is None or row in NOVA_S_OWN:
        assert seen(ours) == seen(without)
        return
    assert seen(ours) != seen(without), 'a row of the table that is not true any more'
    differences.append((row, case['case'], without, ours))
    assert without.status_code == case['status']
    assert ours.status_code == case['here']['status']
    message = case['here']['says'].format(
        request_id=ours.headers['x-openstack-request-id']
    )
    (fault,) = ours.json().values()
    assert fault == {'code': ours.status_code, 'message': message}
    for name in ('OpenStack-API-Version', 'Vary', 'x-compute-request-id'):
        assert (name in ours.headers) == (name in without.headers)
