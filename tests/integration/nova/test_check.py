# SPDX-License-Identifier: Apache-2.0
"""``console-ext-manage check`` with Nova's configuration."""

from __future__ import annotations

import pytest

from tests.parts import nova as clouds
from tests.parts.deployment import PROJECT_A, PROJECT_B, server_id
from tests.parts.programs import check


@pytest.fixture(scope='module')
def files(cloud, tmp_path_factory):
    """The filter's configuration files; the first's directory has api-paste.ini."""
    ours = tmp_path_factory.mktemp('console_ext') / 'console_ext.conf'
    ours.write_text(clouds.console_ext('nova'))
    nova = cloud.config / 'nova.conf'
    paste = clouds.paste_with_filter(nova, ours)
    # check does not load it, so it has Nova's authentication instead of the tests'.
    paste = paste.replace(clouds.IDENTITY, clouds.KEYSTONE)
    (cloud.config / 'api-paste.ini').write_text(paste)
    return [nova, ours]


def asked(files, *args):
    return check(files, *args, directory=clouds.BIN)


def test_as_the_documentation_has_it(files):
    """The tests run the documented command."""
    nova, ours = ('/etc/nova/nova.conf', '/etc/console_ext/console_ext.conf')
    assert clouds.check_command() == [
        *('console-ext-manage', '--config-file', nova, '--config-file', ours),
        *('check', '--server', 'ID'),
    ]


def test_all_is_well(cloud, files):
    """Each cell's database is read; the shared bus is checked once."""
    broker = cloud.broker.url.rpartition('@')[2].rstrip('/')
    usual = server_id('01')
    assert asked(files, '--server', usual) == {
        'configuration': f'ok     {files[0]}, {files[1]}',
        'nova': 'ok     34.0.0',
        'extensions': 'ok     os-console-auth-tokens, os-remote-consoles',
        'policy': 'ok     no file policy.yaml: the defaults',
        'clients': 'ok     remote-consoles (2.6 and later, which clients use by '
        'default) and actions (2.1 to 2.5) for serial, spice-html5, spice-direct, '
        'novnc',
        f'broker {broker}': 'ok     accepts the connection',
        'look-up': 'ok     nova',
        'cell cell0': 'ok     can be read',
        'cell cell1': 'ok     can be read',
        'store': 'ok     none: only nova-compute knows the tokens',
        'URLs': "ok     the URLs of Nova's own proxies",
        'pipeline': f'ok     {cloud.config}/api-paste.ini has the filter',
        f'server {usual}': f'ok     of project {PROJECT_A} and user alice, on compute '
        f'host compute-1, by {broker}; active, no task',
        'compute host compute-1': 'ok     answers',
    }


@pytest.mark.parametrize(
    ('number', 'more'), [('ff', []), ('01', ['--project', PROJECT_B])]
)
def test_server_that_is_not_found(files, number, more):
    wrong = server_id(number)
    lines = asked(files, '--server', wrong, *more)
    assert lines[f'server {wrong}'] == f'WRONG  Instance {wrong} could not be found.'


def test_host_without_a_queue(files):
    lines = asked(files, '--server', server_id('08'))
    assert lines['compute host ghost'] == (
        'WRONG  it has no queue: its compute service is not running on this bus'
    )


def test_database_that_is_away(files, tmp_path):
    """check gives up early, although Nova would retry for minutes."""
    away = tmp_path / 'away.conf'
    away.write_text(
        '[api_database]\nconnection = mysql+pymysql://nova:swordfish@127.0.0.1:1/api\n'
    )
    nova, ours = files
    lines = asked([nova, away, ours])
    assert 'Connection refused' in lines['look-up']
    assert lines['store'].startswith('ok')
    assert lines['pipeline'].startswith(f'WRONG  {nova.parent}/api-paste.ini: ')


def test_database_that_is_nova_s(files, tmp_path):
    """As when the documented empty line is omitted."""
    ours = tmp_path / 'console_ext.conf'
    ours.write_text('[api]\nservers = nova\n')
    line = asked([files[0], ours])['store']
    assert line.startswith("WRONG  [database] connection names one of Nova's databases")
