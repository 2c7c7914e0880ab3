# SPDX-License-Identifier: Apache-2.0
"""Limits the memory that the sessions of a process use for bytes that wait."""

from __future__ import annotations


class Room:
    """Counts the bytes that wait, in total and by project.

    :param max_total: limit for all sessions; 0 for no limit
    :param max_per_project: limit for the sessions of a project; 0 for no limit
    """

    def __init__(self, max_total: int, max_per_project: int):
        self._max_total = max_total
        self._max_per_project = max_per_project
        self._held = 0
        self._by_project: dict[str, int] = {}

    def __len__(self) -> int:
        """How many projects have bytes that wait."""
        return len(self._by_project)

    @property
    def held(self) -> int:
        """The bytes of all sessions."""
        return self._held

    def fits(self, project: str, more: int) -> bool:
        """Whether there is room for this many more bytes in a project's sessions."""
        of_project = self._by_project.get(project, 0)
        return not (
            (self._max_total and self._held + more > self._max_total)
            or (self._max_per_project and of_project + more > self._max_per_project)
        )

    def change(self, project: str, difference: int) -> None:
        self._held += difference
        of_project = self._by_project.pop(project, 0) + difference
        if of_project:
            self._by_project[project] = of_project


class Share:
    """The bytes that wait in one session."""

    __slots__ = ('_project', '_room', '_size')

    def __init__(self, room: Room, project: str):
        self._room = room
        self._project = project
        self._size = 0

    def hold(self, size: int) -> bool:
        """Set how many bytes wait in the session now.

        They count even if there is no room for them.

        :returns: whether there is room; if not, the session has to end
        """
        more = size - self._size
        if not more:
            return True
        fits = more < 0 or self._room.fits(self._project, more)
        self._room.change(self._project, more)
        self._size = size
        return fits
