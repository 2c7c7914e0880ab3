# SPDX-License-Identifier: Apache-2.0
"""From OpenStackClient to the guest, by way of Nova and in a browser.

nova-compute's driver gives the ports of a real QEMU.  The filter gives the URL of our
proxy, which asks nova-compute whether the port is still the server's.
"""

from __future__ import annotations

import contextlib
import signal

import pytest
from websockets.sync.client import connect

from tests.functional import stock_clients
from tests.functional.attach.terminal import Window
from tests.integration.consoles import refused
from tests.integration.nova import proxies
from tests.integration.nova.client import Client
from tests.integration.proxy.conftest import artefacts, browser  # noqa: F401
from tests.integration.proxy.keyboard import (
    ask_the_firmware,
    read_until,
    stop_booting,
    type_in,
)
from tests.integration.proxy.machine import Machine
from tests.integration.proxy.screen import LIT, opened
from tests.parts import nova as clouds
from tests.parts.api_client import SPICE, TOKENS
from tests.parts.deployment import server_id
from tests.parts.programs import BIN, free_port
from tests.parts.waiting import wait_for


@pytest.fixture(scope='module')
def addresses():
    """Where our proxy is, in the options that filter and proxy share."""
    serial, spice, vnc = (free_port() for _ in range(3))
    return {
        'serial_console': {
            'serialproxy_port': serial,
            'base_url': f'ws://127.0.0.1:{serial}/',
        },
        'spice': {
            'html5proxy_port': spice,
            'html5proxy_base_url': f'http://127.0.0.1:{spice}/spice_auto.html',
        },
        'vnc': {
            'novncproxy_port': vnc,
            'novncproxy_base_url': f'http://127.0.0.1:{vnc}/vnc_lite.html',
        },
    }


@pytest.fixture(scope='module')
def api(cloud, store, addresses):
    """The URL of a nova-api with the filter, which gives the URLs of our proxy."""
    groups = {'database': {'connection': store}, **addresses}
    more = ''.join(
        f'[{group}]\n' + ''.join(f'{key} = {value}\n' for key, value in options.items())
        for group, options in groups.items()
    )
    return cloud.start_api_with_filter('live', clouds.console_ext('nova', more))


@pytest.fixture
def live(cloud, store, addresses, programs, authority, tmp_path):
    """A function that starts a machine and our proxy; it returns the machine.

    The machine is stopped until it gets SIGCONT, because it starts faster than
    OpenStackClient.

    :param encrypted: whether its screen requires VeNCrypt, with a certificate of each
        side
    """
    with contextlib.ExitStack() as close:

        def start(encrypted=False):
            tls, vnc = None, {}
            if encrypted:
                authority.issue('server', '127.0.0.1')
                cert, key = authority.issue('client')
                tls = authority.path
                vnc = {
                    'auth_schemes': 'vencrypt',
                    'vencrypt_ca_certs': authority.file,
                    'vencrypt_client_cert': cert,
                    'vencrypt_client_key': key,
                }
            machine = Machine(tmp_path, tls)
            close.callback(machine.close)
            machine.process.send_signal(signal.SIGSTOP)
            cloud.place(
                serial=machine.serial_port,
                spice=machine.spice_port,
                vnc=machine.vnc_port,
            )
            deployment = proxies.configured(
                tmp_path,
                cloud,
                store,
                **{**addresses, 'vnc': {**addresses['vnc'], **vnc}},
                console_proxy={'drain_timeout': 0},
            )
            proxy = programs.start(
                'console-ext-proxy', '--config-file', str(deployment.config_file)
            )
            for name in ('serial', 'SPICE', 'VNC'):
                proxy.wait_for(f'Listening for {name} consoles')
            return machine

        yield start


@pytest.mark.parametrize(
    ('option', 'encrypted'),
    [('--novnc', False), ('--novnc', True), ('--spice', False)],
    ids=['VNC', 'VNC by VeNCrypt', 'SPICE'],
)
@pytest.mark.timeout(300)
def test_a_screen(
    api,
    live,
    is_ours,
    browser,  # noqa: F811
    artefacts,  # noqa: F811
    option,
    encrypted,
):
    """The page shows the guest's picture, and the guest gets the keys.

    It writes to its screen and to its serial port; the latter is read by another URL of
    the client.
    """
    machine = live(encrypted)
    serial_url, url = (
        stock_clients.openstack_console(
            f'{api}/v2.1', TOKENS['alice'], server_id(clouds.LIVE), one
        )['url']
        for one in ('--serial', option)
    )
    assert is_ours(serial_url, clouds.LIVE)
    assert is_ours(url, clouds.LIVE)
    # The machine prints more than is read.
    with connect(serial_url, max_queue=None, proxy=None) as serial:
        machine.process.send_signal(signal.SIGCONT)
        stop_booting(serial)
        browser.get(url)
        opened(browser)
        wait_for(lambda: browser.execute_script(LIT) > 500, 30)
        type_in(browser, 'echo typed')
        read_until(serial, b'echo typed')
        read_until(serial, b'typed')
        name = f'nova{option}{"-vencrypt" if encrypted else ""}.png'
        browser.save_screenshot(str(artefacts / name))
    assert refused(serial_url) == 401


@pytest.mark.parametrize(
    'program',
    [('openstack', 'console', 'attach'), ('console-ext', 'attach')],
    ids=' '.join,
)
@pytest.mark.timeout(300)
def test_a_terminal(api, live, program):
    """Each command puts the guest's serial port into the user's terminal."""
    machine = live()
    name, *words = program
    credentials = ('--os-auth-type', 'admin_token', '--os-token', TOKENS['alice'])
    command = [str(BIN / name), *credentials, '--os-endpoint', f'{api}/v2.1', *words]
    with Window([*command, server_id(clouds.LIVE)]) as window:
        window.wait_for(b'connected to', timeout_s=100)
        machine.process.send_signal(signal.SIGCONT)
        ask_the_firmware(window)
        window.type(b'\x1d')
        assert window.ends() == 0
        assert window.current_modes() == window.modes


@pytest.mark.parametrize(('port', 'status'), [(None, 500), (-1, 400)])
def test_a_screen_with_only_a_tls_port(cloud, plain, storing, port, status):
    """nova-compute fails for one driver's None; of another's -1 it makes a token."""
    cloud.place(spice=port, spice_tls=5901)
    of_nova, ours = (
        Client(api).console(clouds.LIVE, SPICE) for api in (plain, storing)
    )
    assert of_nova.status_code == (500 if port is None else 200)
    assert ours.status_code == status, ours.text
