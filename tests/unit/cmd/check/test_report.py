# SPDX-License-Identifier: Apache-2.0
"""The report has a line for each check."""

import logging
import threading

import pytest

from console_ext import exceptions
from console_ext.cmd.check.report import Report, Wrong


@pytest.fixture
def report():
    with Report(30) as report:
        yield report


def test_answer(report, capsys):
    """The answer is returned, and printed on one line."""
    assert report.ask('part', lambda: [1, 2], lambda answer: f'{len(answer)} of them')
    assert capsys.readouterr().out == 'ok     part: 2 of them\n'
    assert (report.lines, report.wrong) == (1, 0)


@pytest.mark.parametrize(
    ('error', 'says'),
    [
        (Wrong('not so'), 'not so'),
        (exceptions.ConfigurationError('not so'), 'not so'),
        (
            exceptions.ServersUnavailable(),
            'Servers cannot be looked up now. Try again later.',
        ),
        (KeyError('x'), "KeyError: 'x'"),
        (ValueError('two\n  lines'), 'ValueError: two lines'),
    ],
)
def test_no_answer(report, capsys, error, says):
    """The reason is printed on one line."""

    def question():
        raise error

    assert report.ask('part', question) is None
    assert capsys.readouterr().out == f'WRONG  part: {says}\n'
    assert (report.lines, report.wrong) == (1, 1)


def test_reason_that_is_only_logged(report, capsys):
    """If the error has no text for users, the log has it once."""

    def question(reason):
        if reason:
            logging.getLogger('console_ext.store').error('refused: %s', reason)
        logging.getLogger('library').error('noise')
        raise exceptions.StoreUnavailable

    report.ask('one', lambda: question('no such user'))
    report.ask('two', lambda: question(None))
    seen = capsys.readouterr()
    assert seen.out == (
        'WRONG  one: refused: no such user\n'
        'WRONG  two: The database of console authorizations is unavailable. Try '
        'again later.\n'
    )
    assert seen.err == ''


def test_words_of_others(report, capsys):
    """Names and messages of others are printed without control characters."""
    report.ask('host \x1b[2J', lambda: 'x\x1b[2J\x9b\u202e')
    report.fail('bad', 'x' * 10**6)
    first, second = capsys.readouterr().out.splitlines()
    assert first == 'ok     host \\x1b[2J: x\\x1b[2J\\x9b\\u202e'
    assert len(second) < 3000


def test_no_answer_in_time(capsys):
    """A check that hangs does not delay the others."""
    over = threading.Event()
    with Report(2) as report:
        report.ask('slow', lambda: over.wait(60))
        report.ask('next', lambda: 'here')
    over.set()
    assert capsys.readouterr().out == (
        'WRONG  slow: no answer within 2 s\nok     next: here\n'
    )


@pytest.mark.parametrize(
    'url',
    [
        'mysql+pymysql://nova:swordfish@db/nova',
        'rabbit://a:swordfish@one:5672,b:swordfish@two:5672/',
        'rabbit://nova:sword@swordfish@one/',
    ],
)
def test_no_password(report, capsys, url):
    """Even if a plugin's error quotes a URL."""
    report.ask('good', lambda: url)
    report.fail('bad', f'cannot connect to {url}')
    out = capsys.readouterr().out
    assert '//***@' in out
    assert 'swordfish' not in out
