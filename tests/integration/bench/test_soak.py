# SPDX-License-Identifier: Apache-2.0
"""A short soak test with all disturbances: well-behaved users do not notice them."""

from __future__ import annotations

import json
import signal

import psutil
import pytest

from bench.soak.attackers import KINDS
from bench.soak.schedule import FROZEN_BROKER, LOCKED_STORE
from tests.parts.rabbitmq import AVAILABLE
from tests.parts.waiting import wait_for

RUN_S = 300

# A short run has few keys: if the machine pauses for half a second, one in a hundred is
# late.  A fault that stops the echoes stops them for its ten seconds.
LATE_S = 5.0


@pytest.fixture(autouse=True)
def _rabbitmq():
    if not AVAILABLE:
        pytest.skip('rabbitmq-server is not installed')


@pytest.mark.timeout(RUN_S + 30)
def test_short_soak(programs, tmp_path):
    figures = tmp_path / 'figures.json'
    soak = programs.start_module(
        'bench.soak', '--minutes', '1.2', '--sessions', '200', '--json', str(figures)
    )
    status = soak.process.wait(RUN_S)
    report = json.loads(figures.read_text())
    rows = report['rows']
    failed = {name: row for name, row in rows.items() if row.get('passed') is False}
    late = [name for name in failed if name.startswith(('echo p', 'opening p'))]
    assert [*failed] == late, report['failures']
    assert all(failed[name]['disturbed'] < LATE_S for name in late), report['failures']
    assert status == bool(failed), soak.log
    # All disturbances happened, and none in the undisturbed run.
    for name in KINDS:
        assert f'{name} has done: {{"' in soak.log
    for fault in (FROZEN_BROKER, LOCKED_STORE):
        assert rows[f'echo p95, {fault}']['undisturbed'] is not None
    assert rows['openings failed']['undisturbed'] == 0


@pytest.mark.timeout(240)
def test_ends_with_all_it_started(programs):
    """After Ctrl-C, even with a frozen broker, which ignores such signals."""
    soak = programs.start_module(
        'bench.soak', '--minutes', '1', '--sessions', '20', '--only', FROZEN_BROKER
    )
    soak.wait_for(f'{FROZEN_BROKER} for', 120)
    started = psutil.Process(soak.process.pid).children(recursive=True)
    assert any(one.status() == psutil.STATUS_STOPPED for one in started)
    assert soak.stop(signal.SIGINT, timeout_s=100) != 0
    wait_for(lambda: not any(one.is_running() for one in started))
