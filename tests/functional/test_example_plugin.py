# SPDX-License-Identifier: Apache-2.0
"""An extension of a third party, installed by pip next to ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from tests.parts import documentation
from tests.parts.deployment import PROJECT_A, PROJECT_B, server_id
from tests.parts.programs import BIN, free_port

SOURCE = Path(__file__).with_name('example_plugin')


@pytest.fixture(scope='module')
def installed(tmp_path_factory):
    """The directory into which pip installed the plugin."""
    source = tmp_path_factory.mktemp('source') / 'example_plugin'
    shutil.copytree(SOURCE, source)
    target = tmp_path_factory.mktemp('site')
    command = [
        *(sys.executable, '-m', 'pip', 'install', '--quiet', '--no-index'),
        *('--no-deps', '--no-build-isolation', '--target', str(target), str(source)),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return target


def test_it_is_in_the_table(installed):
    """Its action is in the table next to ours, with its own policy rule."""
    out = subprocess.run(
        [str(BIN / 'console-ext-manage'), 'routes'],
        env={'PYTHONPATH': str(installed)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    ).stdout
    rows = {line.split()[2]: line.split()[3:] for line in out.splitlines()}
    assert rows['greet'] == ['2.1–', 'example:greet', 'example-greeting']
    assert 'GET /servers/{server_id}/greetings/{name} - 2.3– example:greet' in (
        ' '.join(out.split())
    )
    assert 'os-getSerialConsole' in rows


def test_it_answers(installed, deployment, programs):
    """Its action and its resource are served, with schema and policy."""
    port = free_port()
    deployment.configure(api={'listen_port': port})
    api = programs.start(
        'console-ext-api',
        '--config-file',
        str(deployment.config_file),
        PYTHONPATH=str(installed),
    )
    api.wait_for('Serving on')
    root = f'http://127.0.0.1:{port}'
    server = f'/v2.1/servers/{server_id("01")}'
    url = f'{root}{server}/action'

    def show(path, version='2.3', roles='member', method='GET'):
        headers = {
            'X-Auth-Token': f'alice:{PROJECT_A}:{roles}',
            'OpenStack-API-Version': f'compute {version}',
        }
        return requests.request(method, f'{root}{path}', headers=headers, timeout=30)

    def greet(body, roles='member'):
        token = f'alice:{PROJECT_A}:{roles}'
        return requests.post(
            url, json={'greet': body}, headers={'X-Auth-Token': token}, timeout=30
        )

    assert greet({'name': 'Ada'}).json() == {'greeting': 'server-01 greets Ada'}
    assert greet({}).status_code == 400
    assert greet({'name': 'Ada'}, roles='reader').status_code == 403
    greeted = show(f'{server}/greetings/Ada')
    assert greeted.json() == {'greeting': 'server-01 greets Ada'}

    # The name may be a secret, so no log has it.
    secret = 'Zm9v' * 10
    resource = f'{server}/greetings/{secret}'
    statuses = [
        show(resource).status_code,
        show(resource, 'latest').status_code,
        show(resource, '2.1').status_code,
        show(resource, '2.999').status_code,
        show(resource, 'x').status_code,
        show(resource, roles='reader').status_code,
        show(f'/v2.1/servers/x/greetings/{secret}').status_code,
        show(f'/v2.1/{PROJECT_B}/servers/x/greetings/{secret}').status_code,
        show(f'/v2/servers/{server_id("01")}/greetings/{secret}').status_code,
        show(f'/greetings/{secret}').status_code,
        show(resource, method='DELETE').status_code,
        show(f'{resource}/').status_code,
    ]
    assert statuses == [200, 200, 404, 406, 400, 403, 404, 400, 404, 300, 404, 404]
    api.wait_for('/greetings/{id}/')
    assert '"GET /v2.1/servers/{server_id}/greetings/{name}" status: 200' in api.log
    assert secret not in api.log


def test_disabled_it_is_not_imported(installed, deployment):
    """The module is not imported, and the action is unknown."""
    deployment.configure(api={'disabled_extensions': 'example-greeting'})
    script = (
        'import sys\n'
        'from console_ext import conf\n'
        'from console_ext.wsgi import loader\n'
        'extensions = loader.load_extensions(conf.load())\n'
        'print([one.alias for one in extensions])\n'
        "assert 'example_plugin' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, '-c', script],
        env={
            'PYTHONPATH': str(installed),
            'CONSOLE_EXT_CONFIG_FILES': str(deployment.config_file),
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['os-console-auth-tokens', 'os-remote-consoles']\n"


@pytest.mark.parametrize('name', ['example_plugin.py', 'setup.cfg'])
def test_documentation_shows_it(name):
    """The page shows the tested example."""
    text = (SOURCE / name).read_text()
    code = text.partition('\n')[2] if text.startswith('# SPDX') else text
    shown = documentation.block('contributor/extension.rst', code.partition('\n')[0])
    assert shown == code
