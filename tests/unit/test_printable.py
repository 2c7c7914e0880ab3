# SPDX-License-Identifier: Apache-2.0
"""Making untrusted text safe for a log."""

import pytest

from console_ext.printable import MAX_LENGTH, printable


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('compute-1', 'compute-1'),
        ('', ''),
        ('Größe 7 °C, 日本', 'Größe 7 °C, 日本'),
        ('C:\\n', 'C:\\n'),
        ('a\nERROR b\r', 'a\\nERROR b\\r'),
        ('\x1b[2J\x00\x7f\x9b', '\\x1b[2J\\x00\\x7f\\x9b'),
        # A line separator, a bidirectional override, and half of a surrogate pair.
        ('\u2028\u202e\ud800', '\\u2028\\u202e\\ud800'),
        ('\U000e0001', '\\U000e0001'),
        (None, 'None'),
        (['\n'], "['\\n']"),
        (ValueError('\x1b'), '\\x1b'),
    ],
)
def test_what_is_shown(text, shown):
    """The result is one line; printable characters do not change."""
    assert printable(text) == shown
    assert shown.isprintable()


def test_length():
    """The length is limited, and the result says how much is missing."""
    assert printable('x' * MAX_LENGTH) == 'x' * MAX_LENGTH
    assert printable('x' * (MAX_LENGTH + 7)).endswith('x… (7 more characters)')
    assert printable('abcdef', most=3) == 'abc… (3 more characters)'
    assert len(printable('\U000e0001' * 10**6)) < 11 * MAX_LENGTH
