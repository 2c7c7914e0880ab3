# SPDX-License-Identifier: Apache-2.0
"""The files of the virtual machine's system."""

from __future__ import annotations

import re
import shutil
import stat
import subprocess

import pytest

from console_ext.demo import userland


@pytest.fixture
def entries():
    programs = {*userland.NEEDED, 'busybox', 'resize', '['}
    return {one.path: one for one in userland.entries(b'program', programs)}


def test_a_directory_precedes_its_content(entries):
    known = {''}
    for path, entry in entries.items():
        assert path.rpartition('/')[0] in known
        if stat.S_ISDIR(entry.mode):
            known.add(path)


def test_programs(entries):
    """Each is BusyBox, except "resize", which not every BusyBox has."""
    assert entries['bin/busybox'].data == b'program'
    assert entries['init'].data == b'/bin/busybox'
    for name in {*userland.NEEDED, '['}:
        assert entries[f'bin/{name}'].data == b'busybox'
    assert entries['bin/resize'].data.startswith(b'#!/bin/sh\n')
    assert entries['bin/resize'].mode & 0o111


def test_what_the_files_run(entries):
    """All of it is in the system."""
    inittab = entries['etc/inittab'].data.decode()
    for path in re.findall(r':/(\S+)', inittab):
        assert path in entries
    start = entries['etc/start'].data.decode()
    for name in re.findall(r'^([a-z]+) ', start, re.MULTILINE):
        assert f'bin/{name}' in entries


def test_login(entries):
    """The printed password is the one that the system checks."""
    assert 'ada' in entries['etc/issue'].data.decode()
    assert 'password secret' in entries['etc/issue'].data.decode()
    user, hashed = entries['etc/shadow'].data.decode().split(':')[:2]
    assert user == 'ada'
    assert entries['etc/shadow'].mode & 0o777 == 0o600
    if shutil.which('openssl') is None:
        pytest.skip('openssl is not installed')
    _, method, salt, _ = hashed.split('$')
    made = subprocess.run(
        ['openssl', 'passwd', f'-{method}', '-salt', salt, userland.PASSWORD],
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert made.stdout.strip() == hashed
