# SPDX-License-Identifier: Apache-2.0
"""A virtual machine, a browser, and the proxy between them."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from tests.functional.programs import free_port
from tests.functional.proxy.conftest import BASE, Served
from tests.proxy_parts import wait_for

SPICE_HTML5 = Path('/usr/share/spice-html5')


def needed(name: str) -> str:
    """The path of a program, or of a file; the test is skipped where there is none.

    Where CI is set everything has to be there.
    """
    beside_python = shutil.which(name, path=Path(sys.executable).parent)
    found = beside_python or shutil.which(name)
    if found is None and os.path.exists(name):
        found = name
    if found is None:
        reason = f'{name} is not installed (see bindep.txt)'
        if os.environ.get('CI'):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


class Machine:
    """A virtual machine without a disk: it boots iPXE from its network card's ROM.

    Its firmware copies the screen to the serial port, and takes keys from both.
    """

    def __init__(self, path: Path):
        self.spice_port, self.serial_port = free_port(), free_port()
        port_of_console = path / 'sercon-port'
        port_of_console.write_bytes(struct.pack('<H', 0x3F8))
        self.process = subprocess.Popen(
            [
                *(needed('qemu-system-x86_64'), '-accel', 'tcg', '-m', '64'),
                *('-display', 'none', '-nodefaults', '-vga', 'std'),
                *('-netdev', 'user,id=net,restrict=on'),
                *('-device', 'virtio-net-pci,netdev=net'),
                *('-fw_cfg', f'name=etc/sercon-port,file={port_of_console}'),
                *(
                    '-spice',
                    f'port={self.spice_port},addr=127.0.0.1,disable-ticketing=on',
                ),
                *('-serial', f'tcp:127.0.0.1:{self.serial_port},server,nowait'),
            ],
            stderr=subprocess.PIPE,
            text=True,
        )
        wait_for(self._listens, 20)

    def _listens(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError(self.process.stderr.read())
        # Looked up, for a serial port serves one client at a time.
        lines = Path('/proc/net/tcp').read_text().splitlines()[1:]
        listening = {line.split()[1] for line in lines if line.split()[3] == '0A'}
        wanted = {
            f'0100007F:{port:04X}' for port in (self.spice_port, self.serial_port)
        }
        return wanted <= listening

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def machine(tmp_path):
    made = Machine(tmp_path)
    yield made
    made.close()


@pytest.fixture
def proxy(deployment, request):
    """The proxy, whose base URL is its own address."""
    port = free_port()
    made = Served(deployment, needed(str(SPICE_HTML5)))
    deployment.configure(
        spice={
            'html5proxy_port': port,
            'html5proxy_base_url': f'http://127.0.0.1:{port}/spice_auto.html',
        },
        console_proxy={**BASE['console_proxy'], **getattr(request, 'param', {})},
    )
    yield made.start()
    made.stop()


@pytest.fixture
def page(proxy, machine):
    """A function that makes the URL of the machine's screen, with a new token."""

    def url(**values):
        values.setdefault('port', machine.spice_port)
        token = proxy.token(console_type='spice-html5', **values)
        return f'{proxy.proxy.url("SPICE")}/spice_auto.html?token={token}'

    return url


@pytest.fixture
def browser(tmp_path):
    """A headless Chromium with a profile of its own."""
    selenium = pytest.importorskip('selenium.webdriver')
    options = selenium.ChromeOptions()
    options.binary_location = needed('chromium')
    for argument in (
        'headless',
        'no-sandbox',
        'disable-gpu',
        'disable-dev-shm-usage',
        'disable-quic',
        'no-first-run',
        'disable-background-networking',
        'disable-component-update',
        'disable-sync',
        'window-size=1000,760',
        f'user-data-dir={tmp_path / "profile"}',
    ):
        options.add_argument(f'--{argument}')
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    # Those of the tests have no authority behind them.
    options.accept_insecure_certs = True
    service = selenium.ChromeService(needed('chromedriver'))
    driver = selenium.Chrome(options=options, service=service)
    driver.set_page_load_timeout(30)
    yield driver
    driver.quit()


@pytest.fixture
def artefacts(tmp_path):
    """The directory for screenshots: that of ARTEFACTS, where CI keeps it."""
    directory = Path(os.environ.get('ARTEFACTS', tmp_path))
    directory.mkdir(parents=True, exist_ok=True)
    return directory
