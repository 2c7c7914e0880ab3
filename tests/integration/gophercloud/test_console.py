# SPDX-License-Identifier: Apache-2.0
"""A compiled program that uses Debian's gophercloud.

The functional tests send the bytes of a newer one.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.integration.consoles import opens, refused
from tests.integration.proxy.parts import needed
from tests.parts.deployment import server_id

_LIBRARIES = Path('/usr/share/gocode')


@pytest.fixture(scope='module')
def program(tmp_path_factory):
    """The path of the program."""
    needed('go')
    needed(str(_LIBRARIES / 'src/github.com/gophercloud/gophercloud'))
    directory = tmp_path_factory.mktemp('go')
    program = directory / 'console'
    subprocess.run(
        ['go', 'build', '-o', program, Path(__file__).with_name('console.go')],
        check=True,
        timeout=300,
        env={
            **os.environ,
            'GO111MODULE': 'off',
            'GOPATH': str(_LIBRARIES),
            'GOCACHE': str(directory / 'cache'),
            'GOFLAGS': '',
        },
    )
    return program


def run(program, cloud, version, server, *console):
    return subprocess.run(
        [program, f'http://127.0.0.1:{cloud.api_port}/v2.1', version, server, *console],
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.timeout(400)
def test_consoles(program, cloud):
    """Each URL is ours, and that of the serial console opens."""
    cloud.start()
    for version in ('2.6', '2.99'):
        done = run(program, cloud, version, server_id('01'), 'serial', 'serial')
        assert done.returncode == 0, done.stderr
        url = done.stdout.strip()
        assert url.startswith(cloud.public_url)
        opens(url)
        assert refused(url) == 401
    screen = run(program, cloud, '2.99', server_id('01'), 'spice', 'spice-html5')
    assert screen.stdout.startswith(f'http://127.0.0.1:{cloud.spice_port}/spice_auto')


@pytest.mark.timeout(400)
def test_errors(program, cloud):
    """gophercloud reports a missing server, and a version without the resource."""
    cloud.start()
    for version, server in (('2.6', server_id('ff')), ('2.5', server_id('01'))):
        done = run(program, cloud, version, server, 'serial', 'serial')
        assert done.returncode == 1
        assert 'Resource not found' in done.stderr
