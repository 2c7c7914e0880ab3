# SPDX-License-Identifier: Apache-2.0
"""Writes an initramfs: an archive in cpio's "newc" format, without compression.

The kernel's Documentation/driver-api/early-userspace/buffer-format.rst describes it.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MAGIC = b'070701'
_END = 'TRAILER!!!'
_ALIGNMENT = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """
    :param path: without a leading slash
    :param mode: type and permissions, as in ``st_mode``
    :param data: the content of a file, or the target of a symbolic link
    :param device: the major and minor number of a device
    """

    path: str
    mode: int
    data: bytes = b''
    device: tuple[int, int] = (0, 0)


def directory(path: str, mode: int = 0o755) -> Entry:
    return Entry(path, stat.S_IFDIR | mode)


def file(path: str, data: bytes, mode: int = 0o644) -> Entry:
    return Entry(path, stat.S_IFREG | mode, data)


def symlink(path: str, target: str) -> Entry:
    return Entry(path, stat.S_IFLNK | 0o777, target.encode())


def character_device(path: str, major: int, minor: int, mode: int = 0o600) -> Entry:
    return Entry(path, stat.S_IFCHR | mode, device=(major, minor))


def pack(entries: Iterable[Entry]) -> bytes:
    """Return the archive.  Everything belongs to root.

    :param entries: a directory precedes what is in it
    """
    archive = bytearray()
    for number, entry in enumerate(_ended(entries), start=1):
        name = entry.path.encode() + b'\0'
        fields = (
            number,
            entry.mode,
            *(0, 0),  # owner
            2 if stat.S_ISDIR(entry.mode) else 1,
            0,  # time
            len(entry.data),
            *(0, 0),  # the device that holds the file
            *entry.device,
            len(name),
            0,  # this format has no checksum
        )
        archive += _MAGIC + b''.join(b'%08X' % field for field in fields)
        for part in (name, entry.data):
            archive += part
            archive += bytes(-len(archive) % _ALIGNMENT)
    return bytes(archive)


def _ended(entries: Iterable[Entry]) -> Iterator[Entry]:
    yield from entries
    yield Entry(_END, 0)
