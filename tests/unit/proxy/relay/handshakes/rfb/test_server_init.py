# SPDX-License-Identifier: Apache-2.0
"""Finding the end of ServerInit."""

from __future__ import annotations

import struct

import pytest

from console_ext.proxy.relay.handshakes.rfb import server_init
from console_ext.proxy.relay.handshakes.rfb.protocol import HandshakeError
from tests.unit.proxy.relay.handshakes.rfb.peers import SERVER_INIT


@pytest.mark.parametrize('behind', [b'', b'more'])
def test_length(behind):
    """The length is known as soon as the length of the name is."""
    whole = SERVER_INIT + behind
    for size in range(len(whole)):
        expected = len(SERVER_INIT) if size >= 24 else None
        assert server_init.length(whole[:size]) == expected


@pytest.mark.parametrize('size', [0, 4096])
def test_valid_names(size):
    """The name may be empty."""
    assert server_init.length(bytes(20) + struct.pack('!I', size)) == 24 + size


@pytest.mark.parametrize('size', [4097, 2**32 - 1])
def test_a_name_longer_than_any(size):
    """It is refused before the name is read."""
    with pytest.raises(HandshakeError, match=f'name is too long: {size} bytes'):
        server_init.length(bytes(20) + struct.pack('!I', size))
