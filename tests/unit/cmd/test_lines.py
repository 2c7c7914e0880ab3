# SPDX-License-Identifier: Apache-2.0
"""The format of log lines."""

import logging

import pytest
from oslo_log import formatters

from console_ext.cmd.lines import PrintableLines


def line(name, message, *args, error=None):
    formatter = PrintableLines(logging.Formatter('%(levelname)s %(message)s'))
    exc_info = error and (type(error), error, None)
    record = logging.LogRecord(name, logging.ERROR, '', 1, message, args, exc_info)
    return formatter.format(record)


@pytest.mark.parametrize('name', ['oslo_messaging.rpc.server', 'console_extra'])
def test_message_of_a_library(name):
    """A library's message is one line without control characters."""
    assert line(name, 'no %s', 'x\nERROR y\x1b[2J') == 'ERROR no x\\nERROR y\\x1b[2J'


def test_message_of_ours():
    """The package's own messages may have several lines."""
    assert line('console_ext.proxy', 'one\ntwo %s', '\x1b') == 'ERROR one\ntwo \\x1b'


def test_traceback():
    """The text of the error is one line."""
    said = line('library', 'failed', error=TypeError('\x1b[2J'))
    assert said == 'ERROR failed\nTypeError: \\x1b[2J'


def test_error_of_several_lines():
    """Neither the error nor its cause can forge a log line."""
    try:
        try:
            raise KeyError('x\nERROR y')
        except KeyError as cause:
            raise TypeError('x\nERROR y') from cause
    except TypeError as error:
        said = line('console_ext.rpc', 'failed', error=error)
    assert [one for one in said.split('\n') if 'Error: ' in one] == [
        r"KeyError: 'x\nERROR y'",
        r'TypeError: x\nERROR y',
    ]


def test_formatter_that_returns_no_text():
    """oslo.log's formatter for Fluentd returns a dictionary."""
    record = logging.LogRecord('x', logging.ERROR, '', 1, 'a\nb', (), None)
    formatted = PrintableLines(formatters.FluentFormatter()).format(record)
    assert formatted['message'] == r'a\nb'


def test_length():
    assert len(line('library', 'x' * 10**6)) < 30_000


def test_record_is_left_alone():
    """Handlers of others get the record unchanged."""
    record = logging.LogRecord('library', logging.INFO, '', 1, 'a%s', ('\n',), None)
    PrintableLines(None).format(record)
    assert (record.msg, record.args) == ('a%s', ('\n',))
