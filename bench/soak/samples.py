# SPDX-License-Identifier: Apache-2.0
"""The measurements of a site's users.

Times are in seconds on the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Key(NamedTuple):
    """A key press.

    :ivar took: the time until its echo, in seconds
    """

    began: float
    took: float


class Opening(NamedTuple):
    """An attempt to open a console, from the TCP connection to the response.

    :ivar status: the status of the HTTP response; 0 if there is none
    """

    began: float
    took: float
    status: int

    @property
    def failed(self) -> bool:
        return self.status != 101


class Loss(NamedTuple):
    """A session that ended although its user did not leave."""

    at: float
    why: str


class Window(NamedTuple):
    """A named interval of time."""

    name: str
    start: float
    end: float

    def overlaps(self, one: Key | Opening) -> bool:
        return one.began <= self.end and one.began + one.took >= self.start


@dataclass(slots=True)
class Samples:
    keys: list[Key] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps([self.keys, self.openings, self.losses]))

    @classmethod
    def read(cls, path: Path) -> Samples:
        keys, openings, losses = json.loads(path.read_text())
        return cls(
            [Key(*one) for one in keys],
            [Opening(*one) for one in openings],
            [Loss(*one) for one in losses],
        )


def percentile(seconds: Iterable[float], share: float) -> float | None:
    """Return a percentile.

    :param share: from 0 to 1
    :returns: None if there are no values
    """
    ranked = sorted(seconds)
    if not ranked:
        return None
    return ranked[min(len(ranked) - 1, int(len(ranked) * share))]
