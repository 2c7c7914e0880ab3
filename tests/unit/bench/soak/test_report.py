# SPDX-License-Identifier: Apache-2.0
"""Which results of a soak run pass, and which fail."""

from __future__ import annotations

import json

import pytest

from bench.soak.criteria import Observed, Run
from bench.soak.growth import Growth
from bench.soak.report import Report
from bench.soak.samples import Key, Loss, Opening, Samples, Window

QUIET = Window('quiet', 0, 100)
DISTURBED = Window('disturbed', 100, 1100)
FROZEN = Window('frozen-broker', 400, 460)
LOCKED = Window('locked-store', 800, 810)


def observed(echo_s=0.010, opening_s=0.020):
    """One key and one opening in each of 1000 seconds, all successful."""
    return Observed(
        Samples(
            keys=[Key(at, echo_s) for at in range(1100)],
            openings=[Opening(at, opening_s, 101) for at in range(1100)],
        ),
        Growth(memory_mb=(100.0, 120.0, 110.0), descriptors=(400, 900, 400)),
        workers=3,
    )


@pytest.fixture
def run():
    return Run(observed(), observed(), QUIET, DISTURBED, [FROZEN, LOCKED])


def failures(run):
    return Report(run).failures


def test_well(run):
    report = Report(run)
    assert report.failures == []
    assert report.status == 0
    assert 'all criteria are met' in report.text()


def test_lost_session(run):
    """Each lost session is counted, with its reason."""
    run.disturbed.samples.losses += [Loss(500, 'closed with 1011')] * 2
    run.disturbed.samples.losses.append(Loss(501, 'cut'))
    report = Report(run)
    assert report.status == 1
    (failure,) = report.failures
    assert failure.startswith('sessions lost: 3 ')
    assert 'closed with 1011 (2)' in report.text()
    assert 'cut (1)' in report.text()


def test_lost_session_of_the_undisturbed_run(run):
    """An undisturbed run with lost sessions cannot serve as reference."""
    run.undisturbed.samples.losses.append(Loss(500, 'cut'))
    (failure,) = failures(run)
    assert failure.startswith('undisturbed sessions lost: 1 ')


def test_echoes_that_nobody_notices(run):
    """Ratios of a few milliseconds do not count; 0.1 s does."""
    run.undisturbed.samples.keys = observed(0.001).samples.keys
    run.disturbed.samples.keys = observed(0.099).samples.keys
    assert failures(run) == []
    run.disturbed.samples.keys = observed(0.101).samples.keys
    assert len(failures(run)) == 3


@pytest.mark.parametrize(('factor', 'passes'), [(4.9, True), (6, False)])
def test_ratio_of_echoes(run, factor, passes):
    run.undisturbed.samples.keys = observed(0.050).samples.keys
    run.disturbed.samples.keys = observed(0.050 * factor).samples.keys
    named = [one.partition(':')[0] for one in failures(run)]
    wrong = ['echo p99', 'echo p95, frozen-broker', 'echo p95, locked-store']
    assert named == ([] if passes else wrong)


def test_echoes_in_a_short_fault(run):
    """Faults shorter than one percent of the run have a ratio of their own."""
    keys = run.disturbed.samples.keys
    for at in range(800, 805):
        keys[at] = Key(at, 5.0)
    (failure,) = failures(run)
    assert failure.startswith('echo p95, locked-store: 5000 ms (at most 100 ms)')


def test_noise_strikes_both(run):
    """Delays that also affect the undisturbed run are no failure."""
    for one in (run.disturbed, run.undisturbed):
        one.samples.keys = observed(3.0).samples.keys
    assert failures(run) == []


def test_keys_before_the_disturbance_do_not_count(run):
    run.disturbed.samples.keys[:100] = [Key(at, 9.0) for at in range(100)]
    assert failures(run) == []


@pytest.mark.parametrize(
    'opening', [Opening(300, 0.01, 503), Opening(300, 30, 0), Opening(470, 0.01, 401)]
)
def test_failed_opening(run, opening):
    run.disturbed.samples.openings.append(opening)
    (failure,) = failures(run)
    assert failure.startswith('openings failed: 1 ')


@pytest.mark.parametrize(
    'opening',
    [Opening(430, 10, 503), Opening(395, 12, 503), Opening(462, 1, 503)],
    ids=['within', 'begun before', 'in the grace'],
)
def test_failed_opening_in_a_fault(run, opening):
    """503 is expected while the broker is frozen, and until the clients reconnect."""
    run.disturbed.samples.openings.append(opening)
    report = Report(run)
    assert report.failures == []
    assert '503 (1)' in report.text()


def test_slow_openings(run):
    run.disturbed.samples.openings = observed(opening_s=0.6).samples.openings
    (failure,) = failures(run)
    assert failure.startswith('opening p99: 600 ms ')


def test_slow_openings_on_a_slow_machine(run):
    run.disturbed.samples.openings = observed(opening_s=0.6).samples.openings
    run.undisturbed.samples.openings = observed(opening_s=0.2).samples.openings
    assert failures(run) == []


def test_descriptors_that_stay(run):
    run.disturbed.growth = Growth((100.0, 100.0, 100.0), (400, 900, 800))
    (failure,) = failures(run)
    assert failure.startswith('descriptors grown: 400 ')


@pytest.mark.parametrize('nothing', ['keys', 'openings'])
@pytest.mark.parametrize('site', ['disturbed', 'undisturbed'])
def test_nothing_measured(run, site, nothing):
    """A run without keys or openings is a failure."""
    setattr(getattr(run, site).samples, nothing, [])
    assert any('nothing was measured' in one for one in failures(run))


def test_as_json(run):
    """JSON with the figures of every row and the verdict."""
    run.disturbed.samples.losses.append(Loss(500, 'cut'))
    told = json.loads(Report(run).json())
    assert told['failures'] == Report(run).failures
    row = told['rows']['sessions lost']
    assert row == {'disturbed': 1, 'undisturbed': 0, 'limit': 0, 'passed': False}
