# SPDX-License-Identifier: Apache-2.0
"""A URL that the user gives."""

from console_ext.client.source import GivenURL


def test_a_given_url_opens_once():
    source = GivenURL('ws://h/', 'h')
    assert source.url() == 'ws://h/'
    assert source.name == 'h'
    assert not source.again
