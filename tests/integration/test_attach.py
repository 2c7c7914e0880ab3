# SPDX-License-Identifier: Apache-2.0
"""The terminal client in tmux, on the demo's machine, and on a proxy that stops."""

from __future__ import annotations

import re
import signal
import subprocess

import psutil
import pytest

from tests.functional import demo
from tests.functional.attach.guest import Guest
from tests.functional.attach.terminal import Window
from tests.integration.proxy.keyboard import ask_the_firmware
from tests.integration.proxy.linux import BOOT_S
from tests.integration.proxy.parts import SPICE_HTML5, needed, needed_linux
from tests.integration.tmux import Tmux
from tests.parts import peers
from tests.parts.deployment import server_id
from tests.parts.programs import BIN, free_port, listens, manage
from tests.parts.waiting import wait_for


@pytest.fixture(scope='module')
def endpoint(tmp_path_factory):
    """The URL of the demo's API."""
    with demo.running(tmp_path_factory.mktemp('demo')) as endpoint:
        yield endpoint


@pytest.fixture
def tmux(tmp_path):
    needed('tmux')
    with Tmux(tmp_path) as tmux:
        yield tmux


def command(endpoint, *words):
    cloud = ('--os-auth-type', 'none', '--os-endpoint', endpoint)
    return [str(BIN / 'console-ext'), *cloud, *words]


def log_in(tmux):
    tmux.wait_for('login:')
    tmux.type('ada', 'Enter')
    tmux.wait_for('Password:')
    tmux.type('secret', 'Enter')
    tmux.wait_for('ada@web-1:~$')


def back_in_the_shell(tmux):
    """Check that the shell echoes and runs a command."""
    tmux.wait_for('console-ext: left')
    tmux.type('echo back-$((40+2))', 'Enter')
    tmux.wait_for('back-42')


def test_a_person_in_tmux(endpoint, tmux):
    """The screen, the window's title, and the state afterwards."""
    tmux.command(command(endpoint, 'attach', 'web-1'))
    tmux.wait_for('connected to web-1. ^] disconnects; pressed twice, it is sent once.')
    log_in(tmux)
    assert tmux.ask('pane_title') == 'web-1 - console'
    tmux.type('C-c', 'C-z')
    tmux.type('echo still here', 'Enter')
    tmux.wait_for('\nstill here')
    tmux.resize(100, 40)
    tmux.type('echo grüße', 'Enter')
    tmux.wait_for('\ngrüße')
    tmux.type('C-]', 'C-]')
    tmux.type('exit', 'Enter')
    tmux.wait_for('logout')
    tmux.type('C-]')
    back_in_the_shell(tmux)


@pytest.fixture
def console():
    with Guest() as guest:
        yield guest


def attach(tmux, console):
    tmux.command([str(BIN / 'console-ext'), 'attach', '--url', console.url])
    tmux.wait_for('^] disconnects; pressed twice, it is sent once.')


def test_pasted_into_tmux(console, tmux):
    """The shell runs nothing of the text after the key."""
    attach(tmux, console)
    tmux.paste('one\x1decho never\r')
    back_in_the_shell(tmux)
    assert console.typed == b'one'
    assert 'never' not in tmux.screen


def test_pasted_in_brackets(console, tmux):
    """With tmux's brackets, after the guest has enabled them."""
    attach(tmux, console)
    console.say(b'\x1b[?2004hready')
    tmux.wait_for('ready')
    tmux.paste('one\x1dtwo')
    console.wait_for(b'\x1b[200~one\x1dtwo\x1b[201~')
    tmux.type('C-]')
    back_in_the_shell(tmux)


def test_modes_that_a_guest_leaves_on(console, tmux):
    """Mouse, alternate screen, scrolling region, hidden cursor, red text."""
    attach(tmux, console)
    console.say(b'\x1b[?1049h\x1b[?1003h\x1b[?2004h\x1b[?25l\x1b[5;9r\x1b[31mready')
    tmux.wait_for('ready')
    flags = ('alternate_on', 'mouse_any_flag', 'cursor_flag', 'scroll_region_upper')
    assert [tmux.ask(one) for one in flags] == ['1', '1', '0', '4']
    tmux.type('C-]')
    tmux.wait_for('console-ext: left')
    assert [tmux.ask(one) for one in flags] == ['0', '0', '1', '0']
    back_in_the_shell(tmux)


def test_closed_window(console, tmux):
    """The client ends, and the guest's connection is closed."""
    attach(tmux, console)
    (client,) = psutil.Process(int(tmux.ask('pane_pid'))).children()
    tmux.close_window()
    console.wait_until(lambda: console.close_code == 1000)
    wait_for(lambda: not client.is_running())


def test_stopped_and_continued(console, tmux):
    """By another terminal, with the shell's job control."""
    attach(tmux, console)
    (client,) = psutil.Process(int(tmux.ask('pane_pid'))).children()
    client.send_signal(signal.SIGTSTP)
    tmux.wait_for('Stopped')
    tmux.type('echo shell-$((1+1))', 'Enter')
    tmux.wait_for('shell-2')
    tmux.type('fg', 'Enter')
    wait_for(lambda: tmux.is_raw)
    tmux.type('C-c')
    console.wait_for(b'\x03')
    tmux.type('C-]')
    back_in_the_shell(tmux)


@pytest.mark.timeout(300)
def test_a_real_machine(endpoint, tmux):
    """From the login to job control; the shell knows the size of the terminal."""
    needed('qemu-system-x86_64')
    needed(str(SPICE_HTML5))
    needed_linux()
    tmux.command(command(endpoint, 'attach', 'vm-1'))
    tmux.wait_for('vm-1 login:', BOOT_S)
    tmux.type('ada', 'Enter')
    tmux.wait_for('Password:')
    tmux.type('secret', 'Enter')
    tmux.wait_for('ada@vm-1:~#')
    tmux.type('clear; stty size; echo $TERM', 'Enter')
    tmux.wait_for('24 80\nxterm-256color\n')
    tmux.resize(100, 40)
    tmux.type('resize; stty size', 'Enter')
    tmux.wait_for('40 100\n')
    tmux.type('clear', 'Enter')
    tmux.type('echo reads; cat', 'Enter')
    tmux.wait_for('\nreads\n')
    tmux.type('twice', 'Enter')
    tmux.wait_for('twice\ntwice\n')
    tmux.type('C-z')
    tmux.wait_for('Stopped')
    tmux.type('echo goes on; fg', 'Enter')
    tmux.wait_for('\ngoes on\n')
    tmux.type('again', 'Enter')
    tmux.wait_for('again\nagain\n')
    tmux.type('C-c')
    tmux.type('clear', 'Enter')
    tmux.type('vi notes', 'Enter')
    tmux.wait_for('~\n~\n')
    tmux.type('iA note.')
    tmux.wait_for('A note.\n')
    tmux.type('Escape')
    tmux.wait_for('- notes [Modified]')
    tmux.type(':wq', 'Enter')
    tmux.wait_for('ada@vm-1:~#')
    tmux.type('clear; cat notes; exit', 'Enter')
    tmux.wait_for('A note.\n')
    tmux.wait_for('vm-1 login:')
    tmux.type('C-]')
    back_in_the_shell(tmux)


def test_the_firmware_of_a_real_machine(tmp_path):
    """Without BusyBox: from the prompt to the answer to a command."""
    qemu = needed('qemu-system-x86_64')
    needed(str(SPICE_HTML5))
    path = tmp_path / 'bin'
    path.mkdir()
    (path / 'qemu-system-x86_64').symlink_to(qemu)
    with (
        demo.running(tmp_path, PATH=str(path)) as endpoint,
        Window(command(endpoint, 'attach', 'vm-1')) as window,
    ):
        window.wait_for(b'connected to vm-1')
        ask_the_firmware(window)
        window.type(b'\x1d')
        assert window.ends() == 0
        assert window.current_modes() == window.modes


@pytest.mark.parametrize(
    ('option', 'page'), [('--spice', 'spice_auto.html'), ('--vnc', 'vnc_lite.html')]
)
def test_page_of_a_real_machine(endpoint, programs, option, page):
    """The page of the screen has the URL that the API returns."""
    needed('qemu-system-x86_64')
    needed(str(SPICE_HTML5))
    words = ('open', 'vm-1', option, '--no-browser')
    program = programs.start('console-ext', *command(endpoint, *words)[1:])
    assert program.process.wait(100) == 0, program.log
    assert re.fullmatch(rf'http://127\.0\.0\.1:\d+/{page}\?\S+\n', program.log)


def test_a_proxy_that_is_restarted(cloud):
    """The client opens the same session again, and tells the user."""
    cloud.start()
    endpoint = f'http://127.0.0.1:{cloud.api_port}/v2.1'
    with Window(command(endpoint, 'attach', 'server-01')) as window:
        at = window.wait_for(b'login: ')
        assert cloud.proxy.stop() == 0
        at = window.wait_for(
            b'console-ext: The proxy is being stopped; connect again. Reconnecting.'
        )
        window.type(b'lost')
        cloud.start_proxy()
        at = window.wait_for(b'console-ext: Reconnected to the same session.', at)
        at = window.wait_for(b'login: ', at)
        window.type(b'ada\r')
        at = window.wait_for(b'Password: ', at)
        window.type(b'\x1d')
        assert window.ends() == 0
        assert window.current_modes() == window.modes
        assert b'lost' not in window.shown
        assert b'token=' not in window.shown
        assert b'rejoin=' not in window.shown


def test_leaving_while_the_proxy_is_away(cloud):
    """The user can end the client at once."""
    cloud.start()
    endpoint = f'http://127.0.0.1:{cloud.api_port}/v2.1'
    with Window(command(endpoint, 'attach', 'server-01')) as window:
        window.wait_for(b'login: ')
        cloud.proxy.kill()
        window.wait_for(b'console-ext: The connection was lost. Reconnecting.')
        window.type(b'\x1d')
        assert window.ends() == 0
        assert window.current_modes() == window.modes


def test_revoked(cloud):
    """The client does not reopen a session that an administrator has revoked."""
    cloud.start()
    endpoint = f'http://127.0.0.1:{cloud.api_port}/v2.1'
    with Window(command(endpoint, 'attach', 'server-01')) as window:
        window.wait_for(b'login: ')
        config = cloud._deployment.config_file
        assert manage([config], 'revoke', server_id('01')).returncode == 0
        assert window.ends(60) == 3
        assert b'The access to this console was revoked.' in window.shown


@pytest.fixture
def websockify():
    """The URL of a guest that echoes, behind the library of Nova's proxies."""
    program, port, guest = needed('websockify'), free_port(), peers.Guest()
    command = [program, f'127.0.0.1:{port}', f'127.0.0.1:{guest.port}']
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        wait_for(lambda: listens(port))
        yield f'ws://127.0.0.1:{port}/?token=token'
        process.terminate()
    guest.close()


def test_another_proxy(websockify):
    """It knows nothing of console-ext.v1."""
    with Window([str(BIN / 'console-ext'), 'attach', '--url', websockify]) as window:
        window.wait_for(b'connected to 127.0.0.1:')
        window.type(b'hello')
        window.wait_for(b'hello')
        window.type(b'\x1d')
        assert window.ends() == 0
