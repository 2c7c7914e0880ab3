# SPDX-License-Identifier: Apache-2.0
"""A short comparison of the pages: each is measured, and shows its guest."""

from __future__ import annotations

import re

import pytest

from tests.integration.proxy.parts import NOVNC, SPICE_HTML5, needed, needed_linux


@pytest.mark.timeout(300)
def test_short_comparison(programs):
    for name in ('chromium', 'chromedriver', 'qemu-system-x86_64', 'websockify'):
        needed(name)
    for directory in (NOVNC, SPICE_HTML5):
        needed(str(directory))
    needed_linux()
    bench = programs.start_module(
        'bench.pages', '--rounds', '1', '--delay', '5', '--megabytes', '20'
    )
    assert bench.process.wait(240) == 0, bench.log
    for kind, peer in (('VNC', 'noVNC'), ('SPICE', 'spice-html5')):
        first = re.search(
            rf'^{kind}, 5 ms, first visit: console_ext (\d+) ms, {peer} (\d+) ms',
            bench.log,
            re.MULTILINE,
        )
        assert first is not None, bench.log
        assert all(20 < int(ms) < 30_000 for ms in first.groups())
    lost = re.search(r'^  lost_mb +(\S+),', bench.log, re.MULTILINE)
    assert lost is not None, bench.log
    assert float(lost[1]) == 0
    keys = re.search(r'^  key_ms +(\S+),', bench.log, re.MULTILINE)
    assert keys is not None, bench.log
    assert 0 < float(keys[1]) < 10_000
