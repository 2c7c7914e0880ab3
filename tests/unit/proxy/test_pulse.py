# SPDX-License-Identifier: Apache-2.0
"""The pipe between a worker's event loop and its supervisor."""

from console_ext.proxy.pulse import Pulse


def test_beats():
    """Each beat is read once; without beats, nothing is."""
    pulse = Pulse()
    assert not pulse.heard()
    pulse.beat()
    pulse.beat()
    assert pulse.heard()
    assert not pulse.heard()
    pulse.close()


def test_nobody_listens():
    """Sending a beat does not wait for a frozen supervisor."""
    pulse = Pulse()
    for _ in range(2**16 + 10):
        pulse.beat()
    assert pulse.heard()
    pulse.close()
