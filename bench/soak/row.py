# SPDX-License-Identifier: Apache-2.0
"""A figure of both sites with its criterion."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of both sites.

    :param scale: the factor that converts the figures to ``unit`` in the text
    :param limit: the maximum of the disturbed figure; None for no criterion
    """

    name: str
    disturbed: float | None
    undisturbed: float | None
    unit: str = ''
    scale: float = 1
    limit: float | None = None

    @property
    def ratio(self) -> float | None:
        if not self.disturbed or not self.undisturbed:
            return None
        return self.disturbed / self.undisturbed

    @property
    def failure(self) -> str | None:
        """Describe the failure; None if the row passes or has no criterion."""
        if self.limit is None:
            return None
        if self.disturbed is None or self.undisturbed is None:
            return f'{self.name}: nothing was measured'
        if self.disturbed > self.limit:
            return (
                f'{self.name}: {self._text(self.disturbed)} '
                f'(at most {self._text(self.limit)})'
            )
        return None

    def line(self) -> str:
        limit = verdict = ''
        if self.limit is not None:
            limit = f'≤ {self._text(self.limit)}'
        if limit:
            verdict = 'ok' if self.failure is None else 'FAILED'
        ratio = '' if self.ratio is None or not self.unit else f'{self.ratio:.2f}'
        return (
            f'{self.name:34} {self._text(self.disturbed):>12} '
            f'{self._text(self.undisturbed):>12} {ratio:>8}  {limit:12} {verdict}'
        ).rstrip()

    def values(self) -> dict[str, object]:
        values: dict[str, object] = {
            'disturbed': self.disturbed,
            'undisturbed': self.undisturbed,
        }
        if self.limit is not None:
            values['limit'] = self.limit
        if len(values) > 2:
            values['passed'] = self.failure is None
        return values

    def _text(self, value: float | None) -> str:
        if value is None:
            return '–'
        scaled = value * self.scale
        digits = 0 if isinstance(value, int) or scaled >= 100 else 1
        return f'{scaled:.{digits}f} {self.unit}'.rstrip()
