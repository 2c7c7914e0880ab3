# SPDX-License-Identifier: Apache-2.0
"""The program console-ext up to the start of a command."""

from __future__ import annotations

import subprocess
import sys

import pytest

from console_ext.client import commands, program
from console_ext.client.endings import Status
from tests.parts.websocket_server import TOKEN

DEMO = ('--os-auth-type', 'none', '--os-endpoint', 'http://127.0.0.1:1/v2.1')


@pytest.fixture(autouse=True)
def no_cloud(monkeypatch, tmp_path):
    """Remove variables and files of the user who runs the tests."""
    for name in ('OS_CLOUD', 'OS_AUTH_TYPE', 'OS_AUTH_URL', 'OS_CACERT'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.delenv('XDG_CONFIG_HOME', raising=False)


@pytest.fixture
def ran(monkeypatch):
    """Record the arguments of commands instead of running them."""
    calls = []

    def attach(args, cloud):
        verify, _ = cloud.config.get_requests_verify_args()
        calls.append((args.server, cloud.config.auth, verify))
        return 7

    monkeypatch.setattr(commands, 'attach', attach)
    monkeypatch.setattr(commands, 'open_page', attach)
    monkeypatch.setattr(
        commands, 'attach_url', lambda *args: calls.append((args[0].url, args[1])) or 7
    )
    return calls


AUTH = {'endpoint': 'http://127.0.0.1:1/v2.1'}


@pytest.mark.parametrize('command', ['attach', 'open'])
def test_options_of_openstack_anywhere(ran, command):
    """OpenStack's options are accepted before and after the command."""
    assert program.main([*DEMO, command, 'web-1']) == 7
    assert program.main([command, 'web-1', *DEMO, '--insecure']) == 7
    assert ran == [('web-1', AUTH, True), ('web-1', AUTH, False)]


def test_clouds_yaml(ran, monkeypatch, tmp_path):
    path = tmp_path / 'clouds.yaml'
    monkeypatch.setenv('OS_CLIENT_CONFIG_FILE', str(path))
    path.write_text(
        'clouds: {demo: {auth_type: none, auth: {endpoint: "http://127.0.0.1:1/v2.1"}}}'
    )
    assert program.main(['--os-cloud', 'demo', 'attach', 'web-1']) == 7
    assert ran == [('web-1', AUTH, True)]


@pytest.mark.parametrize('cloud', ['nonsense', '{auth: nonsense}', '[nonsense]'])
def test_invalid_clouds_yaml(capsys, monkeypatch, tmp_path, cloud):
    """It is reported without its values, which may be passwords."""
    path = tmp_path / 'clouds.yaml'
    monkeypatch.setenv('OS_CLIENT_CONFIG_FILE', str(path))
    path.write_text(f'clouds: {{x: {cloud}}}\n')
    assert program.main(['--os-cloud', 'x', 'attach', 'web-1']) == Status.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith('console-ext: A value in clouds.yaml')


def test_variables(ran, monkeypatch):
    monkeypatch.setenv('OS_AUTH_TYPE', 'none')
    monkeypatch.setenv('OS_ENDPOINT', 'http://127.0.0.1:1/v2.1')
    assert program.main(['attach', 'web-1']) == 7
    assert ran == [('web-1', AUTH, True)]


def test_no_credentials(capsys):
    assert program.main(['attach', 'web-1']) == Status.USAGE
    assert 'auth_url' in capsys.readouterr().err


def test_no_such_cloud(capsys):
    assert program.main(['--os-cloud', 'nowhere', 'attach', 'web-1']) == Status.USAGE
    assert capsys.readouterr().err == 'console-ext: Cloud nowhere was not found.\n'


@pytest.mark.parametrize(
    ('argv', 'verify'),
    [
        ((), True),
        (('--insecure',), False),
        (('--os-cacert', 'ca.pem'), 'ca.pem'),
        (('--insecure', '--os-cacert', 'ca.pem'), False),
    ],
)
def test_url(ran, argv, verify):
    assert program.main(['attach', '--url', 'ws://h/', *argv]) == 7
    assert program.main(['attach', '--url=ws://h/', *argv]) == 7
    assert ran == [('ws://h/', verify)] * 2


def test_url_that_is_none(capsys):
    url = f'http://h/?token={TOKEN}'
    assert program.main(['attach', '--url', url]) == Status.USAGE
    said = capsys.readouterr().err
    assert said == 'console-ext: The URL must begin with ws:// or wss://.\n'


def test_no_file_of_certificates(capsys):
    argv = ['attach', '--url', 'wss://h/', '--os-cacert', '/nowhere.pem']
    assert program.main(argv) == Status.USAGE
    assert 'No such file' in capsys.readouterr().err


@pytest.mark.parametrize(
    'argv',
    [
        [],
        ['attach'],
        [*DEMO, 'attach'],
        [*DEMO, 'attach', 'web-1', 'web-2'],
        ['attach', 'web-1', '--url', 'ws://h/'],
        [*DEMO, 'attach', 'web-1', '--escape', 'x'],
        [*DEMO, 'detach', 'web-1'],
    ],
)
def test_usage(argv, capsys):
    with pytest.raises(SystemExit) as caught:
        program.main(argv)
    assert caught.value.code == Status.USAGE
    assert 'usage: console-ext' in capsys.readouterr().err


def test_interrupted(monkeypatch):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, 'attach_url', interrupt)
    assert program.main(['attach', '--url', 'ws://h/']) == 130


@pytest.mark.parametrize(
    ('missing', 'argv'),
    [
        ('openstack', ['attach', 'web-1']),
        ('websockets', ['attach', '--url', 'ws://h/']),
    ],
)
def test_a_package_is_missing(missing, argv, monkeypatch, capsys):
    """The extra is not installed."""
    for name in [one for one in sys.modules if one.split('.')[0] == missing]:
        monkeypatch.delitem(sys.modules, name)
    for name in ('attach', 'connection', 'cloud'):
        monkeypatch.delitem(sys.modules, f'console_ext.client.{name}', raising=False)
    monkeypatch.setitem(sys.modules, missing, None)
    assert program.main(argv) == Status.USAGE
    said = capsys.readouterr().err
    assert "is not installed: run pip install 'console-ext[client]'" in said


def test_a_url_needs_no_openstack():
    """Commands with a URL, and the help, do not import OpenStack's libraries."""
    code = (
        'import sys\n'
        'from console_ext.client import program\n'
        'try:\n'
        '    program.main(sys.argv[1:])\n'
        'except SystemExit:\n'
        '    pass\n'
        "assert 'openstack' not in sys.modules\n"
        "assert 'oslo_service' not in sys.modules\n"
    )
    for argv in (['attach', '--help'], ['attach', '--url', 'ws://127.0.0.1:1/']):
        done = subprocess.run(
            [sys.executable, '-c', code, *argv],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
