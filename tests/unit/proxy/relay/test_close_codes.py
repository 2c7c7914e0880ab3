# SPDX-License-Identifier: Apache-2.0
"""Close codes and reasons."""

from __future__ import annotations

from websockets.frames import Close

from console_ext.proxy.relay import close_codes
from console_ext.proxy.relay.close_codes import Closing

ENDS = [value for value in vars(close_codes).values() if isinstance(value, Closing)]


def test_every_end_can_be_sent():
    """Codes are valid on the wire, and reasons fit into a control frame."""
    for end in ENDS:
        if end.code is not None:
            assert len(Close(end.code, end.reason).serialize()) <= 125


def test_every_end_has_a_name_of_its_own():
    """The log needs distinct names."""
    assert len({end.name for end in ENDS}) == len(ENDS)
