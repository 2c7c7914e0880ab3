# SPDX-License-Identifier: Apache-2.0
"""The search for a kernel and for BusyBox."""

from __future__ import annotations

import os
import platform
import struct

import pytest

from console_ext.demo import linux, userland
from console_ext.demo.linux import Linux, Missing

BOTH = 'install linux-image-cloud-amd64 (a kernel) and busybox-static'


def kernel_image(size=0x400, *, magic=b'HdrS', flags=0x3F):
    """The start of a kernel, with the fields that identify one for x86-64."""
    image = bytearray(size)
    image[0x202:0x206] = magic
    image[0x236:0x238] = struct.pack('<H', flags)
    return bytes(image)


def program_image(*kinds, machine=62, start=b'\x7fELF\x02\x01'):
    """A program for x86-64 with a table of segments."""
    header = struct.pack(
        '<16sHHIQQQIHHH',
        *(start, 2, machine, 1, 0, 64, 0, 0, 64, 56, len(kinds)),
    )
    table = b''.join(struct.pack('<I52x', kind) for kind in kinds)
    return header.ljust(64, b'\0') + table


@pytest.fixture(autouse=True)
def architecture(monkeypatch):
    """The tests may run on another."""
    monkeypatch.setattr(platform, 'machine', lambda: 'x86_64')


@pytest.fixture
def root(tmp_path):
    """A file system without a kernel."""
    (tmp_path / 'boot').mkdir()
    return tmp_path


@pytest.fixture
def busybox(tmp_path, monkeypatch):
    """The only program in the path."""
    folder = tmp_path / 'path'
    folder.mkdir()
    monkeypatch.setenv('PATH', str(folder))
    path = folder / 'busybox'
    path.write_text(f'#!/bin/sh\necho "{" ".join(userland.NEEDED)} ls"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def static(monkeypatch):
    """Let any program count as one without libraries."""
    monkeypatch.setattr(linux, '_is_static', lambda path: True)


def test_found(root, busybox, static):
    (root / 'boot' / 'vmlinuz-1').write_bytes(kernel_image())
    found = Linux.find(root)
    assert found.kernel == root / 'boot' / 'vmlinuz-1'
    assert found.busybox == busybox
    assert found.programs == {*userland.NEEDED, 'ls'}


@pytest.mark.parametrize('cloud', [True, False])
def test_which_kernel(root, busybox, static, cloud):
    """One for clouds, else the smallest of all places.

    Links without a target, and other files, do not count.
    """
    modules = root / 'lib' / 'modules' / '2'
    modules.mkdir(parents=True)
    (modules / 'vmlinuz').write_bytes(kernel_image(0x500))
    (root / 'boot' / 'vmlinuz-1').write_bytes(kernel_image(0x600))
    for_clouds = root / 'boot' / 'vmlinuz-1-cloud-amd64'
    if cloud:
        for_clouds.write_bytes(kernel_image(0x700))
    (root / 'boot' / 'vmlinuz-arm64').write_bytes(kernel_image(magic=b'ARMd'))
    (root / 'boot' / 'vmlinuz-i386').write_bytes(kernel_image(flags=0))
    (root / 'boot' / 'vmlinuz-short').write_bytes(kernel_image()[:0x236])
    (root / 'vmlinuz.old').symlink_to('boot/absent')
    assert Linux.find(root).kernel == (for_clouds if cloud else modules / 'vmlinuz')


def test_nothing_found(root, monkeypatch):
    monkeypatch.setenv('PATH', str(root / 'absent'))
    with pytest.raises(Missing) as caught:
        Linux.find(root)
    assert str(caught.value) == BOTH


def test_only_a_kernel(root, busybox):
    """A program with libraries does not run in the machine."""
    (root / 'vmlinuz').write_bytes(kernel_image())
    with pytest.raises(Missing) as caught:
        Linux.find(root)
    assert str(caught.value) == 'install busybox-static'


@pytest.mark.parametrize(
    'script',
    ['exit 1', 'echo ls', 'exec /bin/sleep 60'],
    ids=['fails', 'small', 'slow'],
)
def test_busybox_that_is_not_usable(root, busybox, static, monkeypatch, script):
    monkeypatch.setattr(linux, '_BUSYBOX_TIMEOUT_S', 0.2)
    (root / 'vmlinuz').write_bytes(kernel_image())
    busybox.write_text(f'#!/bin/sh\nexec 2>/dev/null\n{script}\n')
    with pytest.raises(Missing, match='install busybox-static'):
        Linux.find(root)


@pytest.mark.parametrize('has_busybox', [True, False])
def test_kernel_that_may_not_be_read(root, busybox, static, monkeypatch, has_busybox):
    """As on Ubuntu, where only root may."""
    if not has_busybox:
        busybox.unlink()
    kernel = root / 'boot' / 'vmlinuz-6'
    kernel.write_bytes(kernel_image())
    # The tests may run as root, who may read everything.
    monkeypatch.setattr(os, 'access', lambda path, mode: path != kernel)
    with pytest.raises(Missing) as caught:
        Linux.find(root)
    also = '' if has_busybox else ' and install busybox-static'
    assert str(caught.value) == (
        f'make {kernel} readable (as root: chmod a+r {kernel}){also}'
    )


@pytest.mark.parametrize('readable', [True, False])
def test_other_architecture(root, busybox, monkeypatch, readable):
    """Debian has no kernel for x86-64 there, and its BusyBox is for the other one."""
    monkeypatch.setattr(platform, 'machine', lambda: 'aarch64')
    (root / 'boot' / 'vmlinuz-6').write_bytes(kernel_image(magic=b'ARMd'))
    busybox.write_bytes(program_image(1, machine=183))
    monkeypatch.setattr(os, 'access', lambda path, mode: readable)
    with pytest.raises(Missing) as caught:
        Linux.find(root)
    assert str(caught.value) == 'use an x86-64 machine'


def test_parts_on_another_architecture(root, busybox, static, monkeypatch):
    """The machine emulates x86-64, so that the right parts boot anywhere."""
    monkeypatch.setattr(platform, 'machine', lambda: 'aarch64')
    (root / 'vmlinuz').write_bytes(kernel_image())
    assert Linux.find(root).busybox == busybox


@pytest.mark.parametrize(
    ('image', 'static'),
    [
        (program_image(1, 1), True),
        (program_image(6, 3, 1), False),
        (program_image(1, machine=183), False),
        (program_image(1, start=b'\x7fELF\x01\x01'), False),
        (program_image(1, 1)[:-1], False),
        (program_image()[:40], False),
        (b'#!/bin/sh\n', False),
        (b'', False),
    ],
)
def test_whether_a_program_is_static(tmp_path, image, static):
    path = tmp_path / 'program'
    path.write_bytes(image)
    assert linux._is_static(path) is static


def test_write_initramfs(tmp_path):
    busybox = tmp_path / 'busybox'
    busybox.write_bytes(b'the program')
    found = Linux(tmp_path / 'vmlinuz', busybox, frozenset({'ls'}))
    archive = found.write_initramfs(tmp_path).read_bytes()
    assert b'the program' in archive
    assert b'TRAILER!!!' in archive
