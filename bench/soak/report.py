# SPDX-License-Identifier: Apache-2.0
"""Reports the figures of a run as text and JSON, and whether it passed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from bench.soak.criteria import Run, in_fault, judged_openings, rows
from bench.soak.row import Row
from bench.soak.samples import Opening


@dataclass(slots=True)
class Report:
    run: Run
    rows: list[Row] = field(init=False)

    def __post_init__(self) -> None:
        self.rows = rows(self.run)

    @property
    def failures(self) -> list[str]:
        return [row.failure for row in self.rows if row.failure is not None]

    @property
    def status(self) -> int:
        """The exit status."""
        return 1 if self.failures else 0

    def text(self) -> str:
        lines = [f'{"":34} {"disturbed":>12} {"undisturbed":>12} {"ratio":>8}']
        lines += [row.line() for row in self.rows]
        lines += [f'{name}: {counted}' for name, counted in _counts(self.run)]
        lines += [f'FAILED  {one}' for one in self.failures] or [
            'Passed: all criteria are met.'
        ]
        return '\n'.join(lines)

    def json(self) -> str:
        return json.dumps(
            {
                'rows': {row.name: row.values() for row in self.rows},
                'counts': dict(_counts(self.run)),
                'failures': self.failures,
            },
            ensure_ascii=False,
            indent=2,
        )


def _counts(run: Run) -> Iterable[tuple[str, str]]:
    """Yield the counts of each event, of the disturbed and the undisturbed site."""
    for name, one in (('disturbed', run.disturbed), ('undisturbed', run.undisturbed)):
        samples = one.samples
        judged = judged_openings(run, one)
        faulty = [each for each in samples.openings if in_fault(run, each)]
        yield f'{name}, keys', str(len(samples.keys))
        yield f'{name}, openings', _statuses(judged)
        yield f'{name}, openings in faults', _statuses(faulty)
        if samples.losses:
            yield (
                f'{name}, losses',
                _listed(Counter(loss.why for loss in samples.losses)),
            )


def _statuses(openings: Iterable[Opening]) -> str:
    return _listed(Counter(one.status or 'no answer' for one in openings))


def _listed(counts: Mapping[object, int]) -> str:
    ranked = sorted(counts.items(), key=lambda item: -item[1])
    return ', '.join(f'{what} ({count})' for what, count in ranked) or 'none'
