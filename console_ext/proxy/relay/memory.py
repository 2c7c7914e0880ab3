# SPDX-License-Identifier: Apache-2.0
"""How much memory the sessions of a process hold for bytes on their way."""

from __future__ import annotations


class Room:
    """Counts the bytes that wait: by project, and in all.

    :param in_all: the most that all sessions hold; 0 is any number
    :param each: the most that a project's sessions hold; 0 is any number
    """

    def __init__(self, in_all: int, each: int):
        self._in_all = in_all
        self._each = each
        self._held = 0
        self._by_project: dict[str, int] = {}

    def __len__(self) -> int:
        """How many projects hold something."""
        return len(self._by_project)

    @property
    def held(self) -> int:
        """Bytes, of all sessions."""
        return self._held

    def fits(self, project: str, more: int) -> bool:
        """Whether a project's sessions may hold so many bytes more."""
        of_project = self._by_project.get(project, 0)
        return not (
            (self._in_all and self._held + more > self._in_all)
            or (self._each and of_project + more > self._each)
        )

    def change(self, project: str, difference: int) -> None:
        self._held += difference
        of_project = self._by_project.pop(project, 0) + difference
        if of_project:
            self._by_project[project] = of_project


class Share:
    """What one session holds."""

    __slots__ = ('_project', '_room', '_size')

    def __init__(self, room: Room, project: str):
        self._room = room
        self._project = project
        self._size = 0

    def hold(self, size: int) -> bool:
        """Say how many bytes wait in the session now.

        They count in any case, because they are there.

        :returns: whether there is room for them; the session is to end where not
        """
        more = size - self._size
        if not more:
            return True
        fits = more < 0 or self._room.fits(self._project, more)
        self._room.change(self._project, more)
        self._size = size
        return fits
