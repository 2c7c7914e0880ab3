# SPDX-License-Identifier: Apache-2.0
"""The criteria of a successful run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bench.soak.growth import Growth
from bench.soak.row import Row
from bench.soak.samples import Opening, Samples, Window, percentile

MAX_RATIO = 5.0

# The echo of a key may take this long, or MAX_RATIO times as long as an undisturbed
# one.  The minimum allows for one late key in a hundred if undisturbed echoes take
# milliseconds.
MAX_ECHO_S = 0.1

# An opening may take this long, or MAX_RATIO times as long as an undisturbed one.
MAX_OPENING_S = 0.5

# The time after a fault in which clients may still be reconnecting to the broker.
GRACE_S = 5.0

# The connections that a worker keeps open: to the database and to the broker.
SPARE_DESCRIPTORS = 64


@dataclass(slots=True)
class Observed:
    """The results of a site.

    :param workers: the number of processes that ``growth`` adds up
    """

    samples: Samples
    growth: Growth
    workers: int


@dataclass(slots=True)
class Run:
    """A run of two sites side by side.

    :param quiet: the time before the disturbance
    :param under: the time of the disturbance
    :param faults: the times in which the broker is frozen or the store is locked
    """

    disturbed: Observed
    undisturbed: Observed
    quiet: Window
    under: Window
    faults: Sequence[Window]


def rows(run: Run) -> list[Row]:
    return [
        *_losses(run),
        *_echoes(run),
        *_openings(run),
        *_growth(run.disturbed, run.undisturbed),
    ]


def _losses(run: Run) -> list[Row]:
    here, there = (len(one.samples.losses) for one in (run.disturbed, run.undisturbed))
    return [
        Row('sessions lost', here, there, limit=0),
        # Ratios to a failed site would be meaningless.
        Row('undisturbed sessions lost', there, there, limit=0),
    ]


def _echoes(run: Run) -> list[Row]:
    """Compare echoes before the disturbance, during it, and in each fault.

    Faults have a separate criterion, because they are too short to affect the p99 of
    the run.  It is the p95, because a single stall of the machine affects more than 1 %
    of the few keys in a fault.
    """
    p50, p95, p99 = 0.5, 0.95, 0.99
    shown: list[tuple[Window, dict[float, bool]]] = [
        (run.quiet, {p50: False, p99: False}),
        (run.under, {p50: False, p99: True}),
        *((fault, {p50: False, p95: True, p99: False}) for fault in run.faults),
    ]
    rows = []
    for window, limits in shown:
        here, there = (
            [key.took for key in one.samples.keys if window.overlaps(key)]
            for one in (run.disturbed, run.undisturbed)
        )
        more = '' if window is run.under else f', {window.name}'
        for share, judged in limits.items():
            name = f'echo p{share * 100:.0f}{more}'
            took, usual = percentile(here, share), percentile(there, share)
            limit = max(MAX_ECHO_S, MAX_RATIO * (usual or 0)) if judged else None
            rows.append(Row(name, took, usual, 'ms', 1000, limit))
    return rows


def _openings(run: Run) -> list[Row]:
    here, there = (
        judged_openings(run, one) for one in (run.disturbed, run.undisturbed)
    )

    def row(share: float, limit: float | None = None) -> Row:
        return Row(
            f'opening p{share * 100:.0f}',
            percentile((one.took for one in here), share),
            percentile((one.took for one in there), share),
            'ms',
            1000,
            limit,
        )

    usual_s = percentile((one.took for one in there), 0.99) or 0
    return [
        row(0.5),
        row(0.99, max(MAX_OPENING_S, MAX_RATIO * usual_s)),
        Row(
            'openings failed',
            sum(one.failed for one in here),
            sum(one.failed for one in there),
            limit=0,
        ),
    ]


def judged_openings(run: Run, one: Observed) -> list[Opening]:
    """Return the openings outside of faults; in a fault, a refusal is correct."""
    return [
        opening
        for opening in one.samples.openings
        if run.under.overlaps(opening) and not in_fault(run, opening)
    ]


def in_fault(run: Run, opening: Opening) -> bool:
    return any(
        window._replace(end=window.end + GRACE_S).overlaps(opening)
        for window in run.faults
    )


def _growth(here: Observed, there: Observed) -> list[Row]:
    def row(
        name: str, of: str, at: int, unit: str = '', limit: int | None = None
    ) -> Row:
        first_and_then = (getattr(one.growth, of) for one in (here, there))
        grown, beside = (seen[at] - seen[0] for seen in first_and_then)
        return Row(name, grown, beside, unit, limit=limit)

    return [
        row('memory grown, at most', 'memory_mb', 1, 'MiB'),
        row('memory grown', 'memory_mb', 2, 'MiB'),
        row('maximum growth of descriptors', 'descriptors', 1),
        row(
            'descriptors grown',
            'descriptors',
            2,
            limit=SPARE_DESCRIPTORS * here.workers,
        ),
    ]
