# SPDX-License-Identifier: Apache-2.0
"""Messages that cannot be processed, in the log."""

import logging

import pytest

from console_ext.rpc import failures
from console_ext.rpc.failures import FirstOfEachKind

LOG = logging.getLogger('oslo_messaging.rpc.server')


@pytest.fixture
def log(caplog):
    """Return the records that pass the filter."""
    caplog.set_level(logging.DEBUG)
    filter_ = FirstOfEachKind()
    filter_.install()
    yield caplog
    filter_.remove()


def fail(error):
    try:
        raise error
    except Exception:
        LOG.exception('Exception during message handling')


def fail_elsewhere(error):
    try:
        raise error
    except Exception:
        LOG.exception('Exception during message handling')


def tracebacks(log):
    return [record.exc_info[0] for record in log.records if record.exc_info]


def test_first_of_each_kind(log):
    """Repetitions with the same error class and place are one line."""
    for _ in range(100):
        fail(ValueError('why'))
        fail(TypeError('why'))
        fail_elsewhere(ValueError('why'))
    assert tracebacks(log) == [ValueError, TypeError, ValueError]
    (repeated,) = [record for record in log.records if not record.exc_info]
    assert repeated.levelno == logging.INFO
    assert repeated.getMessage().startswith(
        'Suppressed tracebacks of messages that cannot be handled'
    )


def test_how_many_there_were(log, monkeypatch):
    """Each report has the complete count."""
    fail(ValueError('why'))
    fail(ValueError('why'))
    for _ in range(9):
        fail(ValueError('why'))
    monkeypatch.setattr(failures, 'INTERVAL_S', 0)
    fail(ValueError('why'))
    first, second = (record for record in log.records if not record.exc_info)
    assert first.args == (1, 'ValueError')
    assert second.args == (10, 'ValueError')


def test_long_texts(log):
    """Long texts of a sender are shortened."""
    fail(ValueError('x' * 1_000_000))
    assert tracebacks(log) == []
    assert len(log.text) < 1000


def test_number_of_kinds(log):
    """The number of remembered kinds is limited."""
    for number in range(2 * failures.MAX_KINDS):
        fail(type(f'Error{number}', (Exception,), {})('why'))
    assert len(tracebacks(log)) == failures.MAX_KINDS


def test_everything_else_passes(log):
    """For example each warning about a lost connection."""
    for _ in range(3):
        LOG.warning('Connection failed')
    assert [record.getMessage() for record in log.records] == ['Connection failed'] * 3


def test_afterwards(caplog):
    """Afterwards, the loggers are as before."""
    filter_ = FirstOfEachKind()
    filter_.install()
    filter_.remove()
    for _ in range(2):
        fail(ValueError('why'))
    assert tracebacks(caplog) == [ValueError, ValueError]
