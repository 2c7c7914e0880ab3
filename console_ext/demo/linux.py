# SPDX-License-Identifier: Apache-2.0
"""Finds a kernel and BusyBox on this machine, and makes a small Linux of them."""

from __future__ import annotations

import os
import platform
import shutil
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console_ext.demo import initramfs, userland

_KERNELS = ('vmlinuz*', 'boot/vmlinuz*', 'lib/modules/*/vmlinuz')
KERNEL_PACKAGE = 'linux-image-cloud-amd64 (a kernel)'
BUSYBOX_PACKAGE = 'busybox-static'
_BUSYBOX_TIMEOUT_S = 10.0

# The kernel's Documentation/arch/x86/boot.rst.
_MAGIC_AT, _MAGIC = 0x202, b'HdrS'
_FLAGS_AT, _IS_64_BIT = 0x236, 1

# elf(5)
_ELF_64_LITTLE_ENDIAN = b'\x7fELF\x02\x01'
_X86_64 = 62
_INTERPRETER = 3


# QEMU emulates this one.  Other architectures lack packages of these names, or their
# packages have programs for another processor.
_ARCHITECTURE = 'x86_64'


class Missing(Exception):
    """A part is missing; the text is what the user can do about it."""


@dataclass(frozen=True, slots=True)
class Linux:
    """
    :param programs: the names of the programs in BusyBox
    """

    kernel: Path
    busybox: Path
    programs: frozenset[str]

    @classmethod
    def find(cls, root: Path = Path('/')) -> Linux:
        """Look for a kernel below a directory, and for BusyBox in the path.

        :raises Missing: one of them is not there, or not usable
        """
        kernels, unreadable = _kernels(root)
        found = shutil.which('busybox')
        busybox = Path(found) if found else None
        programs = _programs(busybox) if busybox else frozenset()
        packages = []
        if not kernels and not unreadable:
            packages.append(KERNEL_PACKAGE)
        if busybox is None or not programs >= userland.NEEDED:
            packages.append(BUSYBOX_PACKAGE)
        if packages or not kernels or busybox is None:
            raise Missing(_remedy(packages, [] if kernels else unreadable))
        # Those for clouds boot fastest: they have few drivers.
        kernel = min(
            kernels, key=lambda path: ('cloud' not in path.name, path.stat().st_size)
        )
        return cls(kernel, busybox, programs)

    def write_initramfs(self, directory: Path) -> Path:
        """
        :raises OSError: BusyBox cannot be read, or the file cannot be written
        """
        path = directory / 'initramfs.cpio'
        entries = userland.entries(self.busybox.read_bytes(), self.programs)
        path.write_bytes(initramfs.pack(entries))
        return path


def _remedy(packages: Sequence[str], unreadable: Sequence[Path]) -> str:
    """
    :param packages: to install
    :param unreadable: kernels that this user may not read; one of them is needed
    """
    if platform.machine() != _ARCHITECTURE:
        return 'use an x86-64 machine'
    actions = []
    if unreadable:
        kernel = unreadable[0]
        actions.append(f'make {kernel} readable (as root: chmod a+r {kernel})')
    if packages:
        actions.append(f'install {" and ".join(packages)}')
    return ' and '.join(actions)


def _kernels(root: Path) -> tuple[list[Path], list[Path]]:
    """Return the kernels for x86-64, and the files that this user may not read."""
    found = {path for pattern in _KERNELS for path in root.glob(pattern)}
    # Links in / may have no target.
    files = sorted(path for path in found if os.path.isfile(path))
    unreadable = [path for path in files if not os.access(path, os.R_OK)]
    kernels = [path for path in files if path not in unreadable and _is_kernel(path)]
    return kernels, unreadable


def _is_kernel(path: Path) -> bool:
    try:
        with path.open('rb') as opened:
            header = opened.read(_FLAGS_AT + 2)
    except OSError:
        return False
    return (
        header[_MAGIC_AT:].startswith(_MAGIC)
        and len(header) > _FLAGS_AT
        and bool(header[_FLAGS_AT] & _IS_64_BIT)
    )


def _programs(busybox: Path) -> frozenset[str]:
    """Return the programs in BusyBox; none if it does not run without libraries."""
    try:
        if not _is_static(busybox):
            return frozenset()
        listed = subprocess.run(
            [busybox, '--list'],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
            timeout=_BUSYBOX_TIMEOUT_S,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return frozenset()
    return frozenset(listed.stdout.split())


def _is_static(path: Path) -> bool:
    """Whether a file is a program for x86-64 that no loader has to prepare."""
    with path.open('rb') as opened:
        header = opened.read(64)
        if len(header) < 64 or not header.startswith(_ELF_64_LITTLE_ENDIAN):
            return False
        (machine,) = struct.unpack_from('<H', header, 18)
        (at,) = struct.unpack_from('<Q', header, 32)
        size, count = struct.unpack_from('<HH', header, 54)
        opened.seek(at)
        table = opened.read(size * count)
    if machine != _X86_64 or not size >= 4 or len(table) < size * count:
        return False
    kinds = {struct.unpack_from('<I', table, size * row)[0] for row in range(count)}
    return _INTERPRETER not in kinds
