# SPDX-License-Identifier: Apache-2.0
"""The pipe between a worker's event loop and its supervisor."""

from console_ext.proxy.pulse import Pulse


def test_beats():
    """Each is heard once; silence is silence."""
    pulse = Pulse()
    assert not pulse.heard()
    pulse.beat()
    pulse.beat()
    assert pulse.heard()
    assert not pulse.heard()
    pulse.close()


def test_nobody_listens():
    """A beat does not wait for a supervisor that is frozen."""
    pulse = Pulse()
    for _ in range(2**16 + 10):
        pulse.beat()
    assert pulse.heard()
    pulse.close()
