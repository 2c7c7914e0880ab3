# SPDX-License-Identifier: Apache-2.0
"""The samples of the API reference are what the API takes and answers."""

from __future__ import annotations

import json
import re

import pytest

from tests.documentation import API_REFERENCE

SAMPLES = API_REFERENCE / 'samples' / 'os-remote-consoles'

UUID = re.compile('[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}')


def sample(name):
    return json.loads((SAMPLES / f'{name}.json').read_text())


def without_token(answer):
    """The token alone differs from one answer to the next."""
    url = answer['console']['url']
    assert UUID.fullmatch(url[-36:])
    return {'console': {**answer['console'], 'url': url[:-36]}}


@pytest.mark.parametrize('name', ['get-serial-console', 'get-spice-console'])
def test_console(client, name):
    answer = client.console(body=sample(f'{name}-req'))
    assert answer.status_int == 200
    assert without_token(answer.json) == without_token(sample(f'{name}-resp'))


def test_server_that_is_stopped(client):
    answer = client.console('09', sample('get-serial-console-req'))
    assert answer.status_int == 409
    assert answer.json == sample('server-stopped-resp')


def test_each_sample_is_shown():
    """And each that is shown exists: the build of the reference fails otherwise."""
    shown = (API_REFERENCE / 'os-remote-consoles.inc').read_text()
    for path in SAMPLES.iterdir():
        assert f'samples/os-remote-consoles/{path.name}\n' in shown
