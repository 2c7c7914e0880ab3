# SPDX-License-Identifier: Apache-2.0
"""``console-ext-manage check`` with the stand-alone API."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from console_ext.store.migration import VERSION_TABLE
from tests.functional.management import check, manage
from tests.parts.deployment import ETC, PROJECT_A, PROJECT_B, server_id

RULE = 'os_compute_api:os-remote-consoles'


def test_all_is_well(deployment):
    """There is one line for each part."""
    path = deployment.config_file
    assert check([path]) == {
        'configuration': f'ok     {path}',
        'extensions': 'ok     os-console-auth-tokens, os-remote-consoles',
        'policy': 'ok     no file policy.yaml: the defaults',
        'clients': 'ok     remote-consoles (2.6 and later, which clients use by '
        'default) and actions (2.1 to 2.5) for serial, spice-html5, spice-direct, '
        'novnc',
        'broker fake': 'ok     accepts the connection',
        'look-up': 'ok     inventory',
        'store': 'ok     none: only nova-compute knows the tokens',
        'URLs': "ok     the URLs of Nova's own proxies",
        'pipeline': f'ok     noauth of {deployment.conf().api.paste_config} loads',
    }


def test_server(deployment):
    """Owner and host of the server; no agent answers on the bus of this process."""
    deployment.configure(console_rpc={'timeout': 0.5})
    usual = server_id('01')
    lines = check([deployment.config_file], '--server', usual)
    assert lines[f'server {usual}'] == (
        f'ok     of project {PROJECT_A} and user alice, on compute host compute-1, '
        'by fake; active, no task'
    )
    assert lines['compute host compute-1'].startswith('WRONG  it has a queue, but')
    without = server_id('03')
    lines = check([deployment.config_file], '--server', without)
    assert 'not on a host yet; building' in lines[f'server {without}']
    assert not [part for part in lines if part.startswith('compute host')]


def test_server_that_is_not_found(deployment):
    """The id is unknown, or the server is not visible to a member of the project."""
    files = [deployment.config_file]
    for args in (
        ['--server', server_id('ff')],
        ['--server', server_id('01'), '--project', PROJECT_B],
    ):
        line = check(files, *args)[f'server {args[1]}']
        assert line == f'WRONG  Instance {args[1]} could not be found.'


@pytest.mark.parametrize('url', ['rabbit://u:sword/fish@h/', 'rabbit://[::1/', 'x'])
def test_bus_without_a_url(deployment, url):
    """A slash in the password ends the host, for example."""
    deployment.configure(DEFAULT={'transport_url': url})
    lines = check([deployment.config_file])
    assert lines['broker'] == 'WRONG  transport_url is not the URL of a message bus'
    assert 'sword' not in str(lines)


def test_everything_that_is_wrong_is_said(deployment):
    """Each error is reported, despite the others."""
    deployment.configure(
        DEFAULT={'transport_url': 'rabbit://u:swordfish@127.0.0.1:1/'},
        api={'disabled_extensions': 'nothing', 'paste_config': 'absent.ini'},
        inventory={'file': 'absent.yaml'},
        database={'connection': 'mysql+nothing://u:swordfish@127.0.0.1/x'},
    )
    lines = check([deployment.config_file])
    assert 'lists nothing' in lines['extensions']
    assert lines['broker 127.0.0.1:1'].endswith('connection refused')
    assert lines['look-up'].endswith('absent.yaml: there is no such file')
    assert '[database] connection: ' in lines['store']
    assert 'absent.ini: there is no such file' in lines['pipeline']
    right = [part for part, line in lines.items() if line.startswith('ok')]
    urls = [
        'URL of serial',
        'URL of spice-html5',
        'URL of spice-direct',
        'URL of novnc',
    ]
    assert right == ['configuration', *urls]
    assert len(lines) == 10


def test_buses_of_cells(deployment):
    """The buses of ``cell_bus``; an invalid line is not quoted."""
    deployment.configure(
        console_rpc={'cell_bus': 'one rabbit://u:swordfish@127.0.0.1:1/'}
    )
    lines = check([deployment.config_file])
    assert lines['cells'] == 'ok     one'
    assert lines['broker of cell one 127.0.0.1:1'].startswith('WRONG  it cannot be')
    deployment.configure(console_rpc={'cell_bus': 'two swordfish'})
    line = check([deployment.config_file])['cells']
    assert line.startswith("WRONG  [console_rpc] cell_bus of 'two': ")


@pytest.mark.parametrize(
    ('group', 'option', 'says'),
    [
        ('api', 'server', 'unknown option [api] server; did you mean servers?'),
        ('console_rpc', 'time', 'unknown option [console_rpc] time; remove it'),
        ('spice', 'html5proxy_baseurl', 'did you mean html5proxy_base_url?'),
        (
            'console_rcp',
            'timeout',
            'unknown section [console_rcp]; did you mean [console_rpc]?',
        ),
        ('DEFAULT', 'transport_ulr', 'did you mean transport_url?'),
    ],
)
def test_option_that_is_misspelt(deployment, group, option, says):
    """It would be ignored, and the default would stay in force."""
    deployment.configure(**{group: {option: 'nova'}})
    line = check([deployment.config_file])['configuration']
    assert line.startswith(f'WRONG  {deployment.config_file}')
    assert says in line


def test_options_of_others(deployment):
    """Options of Nova in common groups, and options of libraries, are accepted."""
    deployment.configure(
        DEFAULT={'my_ip': '127.0.0.1', 'debug': 'true', 'rpc_response_timeout': 5},
        api={'max_limit': 10, 'use_neutron_default_nets': 'false'},
        spice={
            'server_listen': '127.0.0.1',
            'spice_direct_proxy_base_url': 'http://x/',
        },
        serial_console={'port_range': '1:2', 'proxyclient_address': '127.0.0.1'},
        vnc={'enabled': 'false'},
        api_database={'connection': 'sqlite://'},
        oslo_messaging_rabbit={'heartbeat_timeout_threshold': 60},
    )
    line = check([deployment.config_file])['configuration']
    assert line == f'ok     {deployment.config_file}'


def test_bus_that_is_not_configured(deployment):
    """The default, a broker on localhost, would be used."""
    del deployment._configuration['DEFAULT']['transport_url']
    deployment.configure()
    lines = check([deployment.config_file])
    assert lines['broker'].startswith('WRONG  transport_url is not set')


def test_relative_paths(deployment, monkeypatch):
    """Relative and absolute paths name the same files."""
    monkeypatch.chdir(deployment.path)
    paste = deployment.path / 'api-paste.ini'
    deployment.configure(api={'servers': 'upstream'})
    paste.write_text(
        '[pipeline:api]\npipeline = auth console_ext api-app\n'
        '[filter:auth]\nuse = egg:keystonemiddleware#auth_token\n'
        '[filter:console_ext]\npaste.filter_factory = console_ext.wsgi.filter:factory\n'
        f'config_files = {deployment.config_file}\n'
    )
    lines = check([deployment.config_file.name])
    assert lines['configuration'] == f'ok     {deployment.config_file}'
    assert lines['pipeline'] == f'ok     {paste} has the filter'


def test_database_of_nova(deployment):
    """Even if our tables are in it."""
    url = f'sqlite:///{deployment.path}/store.db'
    deployment.configure(database={'connection': url})
    manage([deployment.config_file], 'db', 'sync')
    with sa.create_engine(url).begin() as connection:
        connection.execute(sa.text('CREATE TABLE instance_mappings (id INTEGER)'))
    assert check([deployment.config_file])['store'].startswith(
        "WRONG  [database] connection names one of Nova's databases"
    )


@pytest.fixture
def with_store(deployment):
    """The deployment, with a database of its own."""
    url = f'sqlite:///{deployment.path}/store.db'
    deployment.configure(database={'connection': url})
    manage([deployment.config_file], 'db', 'sync')
    return deployment


def test_urls_of_compute_hosts(with_store):
    """A type whose option is not set here has the URL of its compute host."""
    lines = check([with_store.config_file])
    names = ['serial', 'spice-html5', 'spice-direct', 'novnc']
    assert [part for part in lines if part.startswith('URL')] == [
        f'URL of {name}' for name in names
    ]
    assert lines['URL of serial'] == (
        "ok     the compute host's [serial_console] base_url, with a token of this "
        'package: it must be a URL of console-ext-proxy, or set the option here'
    )


def test_urls_that_are_set(with_store):
    """The line has the URL and the file; URLs of pages need certain names."""
    with_store.configure(
        serial_console={'base_url': 'ws://127.0.0.1:1/'},
        spice={'html5proxy_base_url': 'https://a.example/spice'},
        vnc={'novncproxy_base_url': 'https://a.example/novnc'},
    )
    lines = check([with_store.config_file])
    assert lines['URL of serial'].startswith(
        'ok     ws://127.0.0.1:1/, by [serial_console] base_url in '
        f'{with_store.config_file}; it cannot be reached from here ('
    )
    assert lines['URL of spice-html5'].startswith(
        'WRONG  [spice] html5proxy_base_url = https://a.example/spice: '
    )
    assert lines['URL of novnc'].startswith(
        'WRONG  [vnc] novncproxy_base_url = https://a.example/novnc: '
    )


def test_types_that_are_not_served(with_store):
    """Their URLs are not checked; others answer for them."""
    with_store.configure(api={'console_types': 'serial'})
    lines = check([with_store.config_file])
    assert [part for part in lines if part.startswith('URL')] == ['URL of serial']
    assert lines['clients'].endswith(
        'for serial; the API behind the filter answers for spice-html5, spice-direct, '
        'novnc'
    )


def test_policy(deployment):
    """A missing file, an invalid file, an unused rule, and an undefined rule."""

    def policy(rules):
        deployment.write_policy(rules)
        return check([deployment.config_file])['policy']

    path = deployment.policy_file
    assert policy({RULE: 'role:x', 'of_nova': 'rule:unknown'}) == f'ok     {path}'
    assert policy({f'{RULE}:spicy': 'role:x'}) == (
        f'WRONG  {path}: {RULE}:spicy has no effect: no operation checks a rule of '
        'this name'
    )
    assert policy({RULE: 'rule:unknown'}) == (
        f'WRONG  {path}: {RULE} denies everyone: it refers to the undefined rule '
        'unknown'
    )
    for text in ('"broken: [', f'"{RULE}": "role:admin andd role:x"'):
        path.write_text(text)
        line = check([deployment.config_file])['policy']
        assert line.startswith(f'WRONG  policy file {path}: ')
    deployment.configure(oslo_policy={'policy_file': 'absent.yaml'})
    line = check([deployment.config_file])['policy']
    assert line == 'WRONG  policy file absent.yaml: there is no such file'


def test_store(deployment):
    """Without tables, with another version, with the right one, and unavailable."""
    url = f'sqlite:///{deployment.path}/store.db'
    deployment.configure(database={'connection': url})

    def store():
        return check([deployment.config_file])['store']

    assert store().startswith('WRONG  the database does not have the tables of this')
    manage([deployment.config_file], 'db', 'sync')
    assert store().startswith('ok     version ')
    with sa.create_engine(url).begin() as connection:
        older = f"UPDATE {VERSION_TABLE} SET version_num = '001'"
        connection.execute(sa.text(older))
    assert store().startswith('WRONG  the schema has version 001, but this ')
    assert 'db sync' in store()
    with sa.create_engine(url).begin() as connection:
        newer = f"UPDATE {VERSION_TABLE} SET version_num = '999'"
        connection.execute(sa.text(newer))
    assert store().startswith('WRONG  the schema has version 999, but this ')
    assert 'upgrade console-ext' in store()
    assert 'db sync' not in store()
    deployment.configure(database={'connection': f'sqlite:///{deployment.path}/no/x'})
    assert store().startswith('WRONG  The database of console authorizations failed')


def test_look_up_in_the_api_behind(deployment):
    """It needs a pipeline, and can only look up servers inside it."""
    deployment.configure(api={'servers': 'upstream'})
    paste = deployment.path / 'other.ini'
    paste.write_text(
        '[pipeline:api]\npipeline = auth console_ext api-app\n'
        '[filter:auth]\nuse = egg:keystonemiddleware#auth_token\n'
        '[filter:console_ext]\npaste.filter_factory = console_ext.wsgi.filter:factory\n'
    )
    lines = check([deployment.config_file])
    assert lines['look-up'] == 'ok     upstream'
    assert 'has no api-paste.ini' in lines['pipeline']
    args = ('--paste', str(paste), '--server', server_id('01'))
    lines = check([deployment.config_file], *args)
    assert lines['pipeline'] == f'ok     {paste} has the filter'
    assert lines[f'server {server_id("01")}'] == (
        'WRONG  servers = upstream only works inside the running API: omit --server'
    )


def test_pipeline_without_authentication(deployment):
    """Such a pipeline of the stand-alone API would answer 401 to everyone."""
    paste = deployment.path / 'open.ini'
    text = (
        (ETC / 'api-paste.ini').read_text().replace(' noauth_auth compute', ' compute')
    )
    paste.write_text(text)
    deployment.configure(api={'paste_config': paste})
    line = check([deployment.config_file])['pipeline']
    assert line.startswith(
        f'WRONG  {paste}: [pipeline:noauth] pipeline has no known authentication filter'
    )


def test_look_up_in_nova_without_nova(deployment):
    deployment.configure(api={'servers': 'nova'})
    lines = check([deployment.config_file])
    assert 'Nova cannot be imported' in lines['nova']
    assert 'Nova cannot be imported' in lines['look-up']


def test_what_cannot_be_read_at_all(deployment):
    """One line, as from every program."""
    deployment.configure(api={'threads': 'many'})
    result = manage([deployment.config_file], 'check')
    assert result.returncode == 1
    assert result.stdout == ''
    assert len(result.stderr.splitlines()) == 1
