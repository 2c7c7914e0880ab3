# SPDX-License-Identifier: Apache-2.0
"""Control messages of the subprotocol console-ext.v1, as the client uses them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_ext.client import control
from console_ext.client.control import RejoinKey
from console_ext.proxy.relay import control as proxy_control
from console_ext.store import authorization


def test_a_key_of_the_proxy():
    key = authorization.RejoinKey('x' * 43, 60)
    message = proxy_control.rejoin_message(key).decode()
    assert control.rejoin_key(message) == RejoinKey('x' * 43, 60)
    assert control.SUBPROTOCOL == proxy_control.SUBPROTOCOL


def test_a_report_to_the_proxy():
    assert control.drawn(65536) == '{"drawn": 65536}'
    assert control.REPORT_BYTES < proxy_control.WINDOW_BYTES // 2


def test_a_key_is_not_shown():
    assert 'secret' not in repr(RejoinKey('secret', 60))


def test_later_keys_of_the_message_are_ignored():
    message = '{"rejoin": "x", "within": 1.5, "later": [1]}'
    assert control.rejoin_key(message) == RejoinKey('x', 1.5)


@pytest.mark.parametrize(
    'message',
    [
        '',
        'x',
        '[]',
        '{}',
        '{"rejoin": "x"}',
        '{"rejoin": "x", "within": 0}',
        '{"rejoin": "x", "within": true}',
        '{"rejoin": "x", "within": "60"}',
        '{"rejoin": "x", "within": NaN}',
        '{"rejoin": "x", "within": 1e300}',
        '{"rejoin": "", "within": 60}',
        '{"rejoin": 5, "within": 60}',
        '{"rejoin": "%s", "within": 60}' % ('x' * 256),
        '[' * 10000,
    ],
)
def test_messages_without_a_key(message):
    assert control.rejoin_key(message) is None


@given(st.text())
def test_any_text(message):
    assert control.rejoin_key(message) is None
