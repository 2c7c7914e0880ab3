# SPDX-License-Identifier: Apache-2.0
"""The archive of an initramfs, also as other programs read it."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess

import pytest

from console_ext.demo import initramfs

ENTRIES = [
    initramfs.directory('etc'),
    initramfs.directory('tmp', 0o1777),
    initramfs.file('etc/issue', b'hello\n'),
    # Sizes of data and names that need each number of padding bytes.
    *(initramfs.file(f'etc/{"n" * size}', b'x' * size) for size in range(1, 6)),
    initramfs.file('etc/start', b'#!/bin/sh\n', 0o755),
    initramfs.symlink('init', '/bin/busybox'),
]


def parse(archive):
    """Yield name, fields and data of each entry."""
    at = 0
    while True:
        assert at % 4 == 0
        assert archive[at : at + 6] == b'070701'
        fields = [
            int(archive[start : start + 8], 16) for start in range(at + 6, at + 110, 8)
        ]
        size, length = fields[6], fields[11]
        name = archive[at + 110 : at + 110 + length]
        assert name.endswith(b'\0')
        data_at = (at + 110 + length + 3) // 4 * 4
        yield name[:-1].decode(), fields, archive[data_at : data_at + size]
        at = (data_at + size + 3) // 4 * 4
        if name == b'TRAILER!!!\0':
            assert at == len(archive)
            return


def test_parsed():
    found = list(parse(initramfs.pack(ENTRIES)))
    assert [name for name, _, _ in found[:-1]] == [one.path for one in ENTRIES]
    assert [data for _, _, data in found[:-1]] == [one.data for one in ENTRIES]
    assert [fields[1] for _, fields, _ in found[:-1]] == [one.mode for one in ENTRIES]
    # Entries with the same number would be links to one file.
    assert len({fields[0] for _, fields, _ in found}) == len(found)


def test_device():
    (entry, _) = parse(initramfs.pack([initramfs.character_device('console', 5, 1)]))
    assert stat.S_ISCHR(entry[1][1])
    assert entry[1][9:11] == [5, 1]


@pytest.mark.parametrize(
    'command',
    [
        ('cpio', '-i', '--quiet', '--no-absolute-filenames'),
        ('busybox', 'cpio', '-i'),
        ('bsdtar', '-xpf', '-'),
    ],
    ids=lambda command: command[0],
)
def test_extracted(command, tmp_path):
    """By a program that knows the format."""
    if shutil.which(command[0]) is None:
        pytest.skip(f'{command[0]} is not installed')
    subprocess.run(
        command, input=initramfs.pack(ENTRIES), cwd=tmp_path, check=True, timeout=10
    )
    found = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob('*')}
    assert found == {one.path for one in ENTRIES}
    for entry in ENTRIES:
        path = tmp_path / entry.path
        assert stat.S_IFMT(path.lstat().st_mode) == stat.S_IFMT(entry.mode)
        if stat.S_ISLNK(entry.mode):
            assert os.readlink(path).encode() == entry.data
        elif stat.S_ISREG(entry.mode):
            assert path.read_bytes() == entry.data
            assert path.stat().st_mode & 0o100 == entry.mode & 0o100
