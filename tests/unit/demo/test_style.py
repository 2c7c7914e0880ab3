# SPDX-License-Identifier: Apache-2.0
"""When the output has colours."""

from __future__ import annotations

import io

import pytest

from console_ext.demo.style import Style


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ('stream', 'environment', 'coloured'),
    [
        (Terminal(), {'TERM': 'xterm'}, True),
        (Terminal(), {'NO_COLOR': ''}, True),
        (Terminal(), {'NO_COLOR': '1'}, False),
        (Terminal(), {'TERM': 'dumb'}, False),
        (io.StringIO(), {'TERM': 'xterm'}, False),
    ],
)
def test_where(stream, environment, coloured):
    style = Style.of(stream, environment)
    for shown in (style.heading('text'), style.link('text'), style.note('text')):
        assert (shown != 'text') == coloured
        assert shown.startswith('\x1b[') == shown.endswith('\x1b[0m') == coloured
