# SPDX-License-Identifier: Apache-2.0
"""Runs, loads and parses the examples of the documentation.

Other tests read it, too: test_documented_programs.py, test_example_plugin.py,
test_recorded_nova.py, and those of tests/integration that need a database server, nginx
or a Nova.
"""

from __future__ import annotations

import configparser
import json
import re

import pytest
import yaml
from keystoneauth1 import loading as keystone_loading
from oslo_config import generator
from paste import deploy

from console_ext import conf as config
from console_ext.api import policies
from console_ext.compute.inventory import InventoryDriver
from console_ext.consoles import SERIAL
from console_ext.demo import linux
from console_ext.demo.guests import NO_QEMU
from console_ext.inventory import Inventory
from console_ext.policy import Policy
from console_ext.proxy import tls
from console_ext.proxy.admission import rules
from console_ext.proxy.consoles import listeners
from console_ext.proxy.relay import close_codes
from console_ext.rpc import cells
from console_ext.wsgi import faults
from tests.functional.management import check
from tests.parts import documentation
from tests.parts.authority import Authority
from tests.parts.deployment import server_id
from tests.parts.documentation import README, ROOT, SOURCE

LIBRARIES = [
    'console_ext',
    'keystonemiddleware.auth_token',
    'oslo.db',
    'oslo.log',
    'oslo.messaging',
    'oslo.policy',
]

INI = [one for one in documentation.all_blocks('ini') if one.page != 'README.rst']
OPTIONS = [one for one in INI if not re.search(r'^\[(filter:|metadata)', one.text)]
FILTERS = [one for one in INI if one.text.startswith('[filter:')]
RULES = documentation.all_blocks('yaml')


def name_of(block):
    return f'{block.page}-{block.text.splitlines()[0]}'


@pytest.fixture(scope='module')
def known():
    """Every option of this package and of its libraries, as (group, name)."""
    found = {
        (str(group or 'DEFAULT'), name.replace('-', '_'))
        for library in LIBRARIES
        for group, options in generator._list_opts([library])[0][1]
        for option in options
        for name in [option.name]
    }
    plugin = keystone_loading.get_plugin_loader('password')
    found |= {('keystone_authtoken', option.dest) for option in plugin.get_options()}
    return {(group, name.replace('-', '_')) for group, name in found}


@pytest.fixture(scope='module')
def authority(tmp_path_factory):
    """The certificates that the proxy needs for guests, with QEMU's file names."""
    made = Authority(tmp_path_factory.mktemp('documentation') / 'vnc')
    made.issue('client')
    return made


@pytest.mark.parametrize('block', OPTIONS, ids=name_of)
def test_configuration(block, known, authority, tmp_path):
    """Each option exists and accepts its value."""
    path = tmp_path / 'shown.conf'
    there = re.sub('/etc/console_ext/(vnc|spice)(?=/)', str(authority.path), block.text)
    path.write_text(there)
    conf = config.load([str(path)])
    cells.buses(conf)
    listeners(conf)
    parser = configparser.RawConfigParser(strict=False, default_section='none')
    parser.read(path)
    shown = {(group, name) for group in parser.sections() for name in parser[group]}
    assert shown
    assert shown - known == set()


def test_groups_of_the_programs():
    """The table names each group of this package, and some of libraries."""
    page = (SOURCE / 'configuration' / 'config.rst').read_text()
    _, _, table = page.partition('\nGroups of each program\n')
    table = table.partition('\n\nThe URLs')[0]
    groups = {group or 'DEFAULT' for group, _ in config.list_opts()}
    assert set(re.findall('``([a-z_]+|DEFAULT)``', table)) == {
        *groups,
        'database',
        'oslo_policy',
    }


def test_cells():
    """The lines name two cells with a bus for each."""
    block = documentation.block('admin/cells.rst', '[console_rpc]')
    assert len(re.findall('^cell_bus = ', block, re.MULTILINE)) == 2


@pytest.mark.parametrize('block', FILTERS, ids=name_of)
def test_filter(block, deployment, tmp_path):
    """PasteDeploy creates the filter of the section; the files exist."""
    before, _, files = block.text.partition('config_files = ')
    assert files.startswith('/etc/')
    paste = tmp_path / 'api-paste.ini'
    paste.write_text(f'{before}config_files = {deployment.config_file}\n')
    made = deploy.loadfilter(f'config:{paste}', 'console_ext')(lambda *_: [])
    made.close()


def test_stand_alone(deployment):
    """The two files as an operator copies them, except for the bus."""
    shown = documentation.block('install/standalone.rst', '[DEFAULT]')
    assert shown.count('transport_url = rabbit://') == 1
    deployment.config_file.write_text(
        re.sub('transport_url = .*', 'transport_url = fake:/', shown)
    )
    servers = documentation.block('install/standalone.rst', 'servers:')
    deployment.inventory_file.write_text(servers)
    conf = deployment.conf()
    assert [one.name for one in Inventory(conf)] == ['web-1']
    assert InventoryDriver(conf).endpoint(server_id('01'), SERIAL).port == 10001
    lines = check([deployment.config_file])
    assert {line.split()[0] for line in lines.values()} == {'ok'}, lines


@pytest.mark.parametrize(
    'block', [one for one in RULES if one.page == 'admin/policy.rst'], ids=name_of
)
def test_policy(block, deployment):
    """Each block is a valid policy file."""
    deployment.policy_file.write_text(block.text)
    rules = policies.list_rules()
    policy = Policy(deployment.conf(), rules)
    assert list(policy.problems(rule.name for rule in rules)) == []
    assert set(yaml.safe_load(block.text)) <= {rule.name for rule in rules}


def test_defaults_of_the_policy():
    """The first block has every rule with its default."""
    first = next(one for one in RULES if one.page == 'admin/policy.rst')
    assert yaml.safe_load(first.text) == {
        rule.name: rule.check_str for rule in policies.list_rules()
    }


@pytest.mark.parametrize('block', documentation.all_blocks('json'), ids=name_of)
def test_json(block):
    assert json.loads(block.text)


def test_certificate(certificate, tmp_path):
    """The proxy accepts the certificate, the key and the TLS versions."""
    cert_file, key_file = certificate()
    shown = documentation.block('admin/tls.rst', '[DEFAULT]')
    path = tmp_path / 'shown.conf'
    path.write_text(
        shown.replace('/etc/console_ext/consoles.pem', str(cert_file)).replace(
            '/etc/console_ext/consoles.key', str(key_file)
        )
    )
    assert tls.context(config.load([str(path)])) is not None


@pytest.mark.parametrize(
    'path', [README, ROOT / 'CONTRIBUTING.rst', ROOT / 'SECURITY.rst'], ids=str
)
def test_links(path):
    """A link into the source tree leads to a file and to a heading in it."""
    links = re.findall(r'<(?!https?:)([^>`\s]+)>`_', path.read_text())
    assert links
    for link in links:
        name, _, heading = link.partition('#')
        target = ROOT / name
        assert target.is_file(), link
        titles = {line.lower().replace(' ', '-') for line in target.open()}
        assert not heading or f'{heading}\n' in titles, link


def test_every_page_is_found_from_the_readme():
    """Except indexes, generated pages, and pages to which a page leads."""
    linked = set(re.findall(r'doc/source/([\w/-]+)\.rst', README.read_text()))
    pages = {
        str(path.relative_to(SOURCE).with_suffix('')) for path in documentation.pages()
    }
    assert linked <= pages
    assert {one for one in pages - linked if not one.endswith('index')} == {
        'configuration/config',
        'configuration/policy',
        'configuration/sample-config',
        'configuration/sample-policy',
        'contributor/contracts',
        'contributor/testing',
        'reference/plugins',
    }


def test_statuses_of_the_proxy():
    """The table of answers has each status of the table of refusals."""
    page = (SOURCE / 'admin' / 'troubleshooting.rst').read_text()
    _, _, table = page.partition('.. list-table:: Answers of the proxy')
    table = table.partition('\n\nA session')[0]
    shown = {int(status) for status in re.findall(r'\* - (\d{3})\n', table)}
    assert {status for status, _ in rules.REFUSALS.values()} <= shown


def test_statuses_of_the_api():
    """The table of answers has each status of the table of faults."""
    page = (SOURCE / 'admin' / 'troubleshooting.rst').read_text()
    _, _, table = page.partition('.. list-table:: Answers of the API')
    rows = re.findall(r'\* - ([\d, ]+)\n', table.partition('\n.. list-table::')[0])
    shown = {int(status) for row in rows for status in row.split(', ')}
    assert set(faults.STATUSES.values()) <= shown


def test_close_codes():
    """The table has exactly the codes with which the proxy closes sessions."""
    page = (SOURCE / 'admin' / 'troubleshooting.rst').read_text()
    _, _, table = page.partition('\nA session that closes by itself\n')
    shown = {int(code) for code in re.findall(r'\b[14]\d{3}\b', table)}
    ends = {
        one
        for one in vars(close_codes).values()
        if isinstance(one, close_codes.Closing)
    }
    used = {one.code for one in ends if one.code is not None}
    assert shown == used


def test_packages_of_the_demo():
    """The integration tests install those that the demo itself names."""
    packages = ['qemu-system-x86', 'linux-image-cloud-amd64', 'busybox-static']
    documentation.block('install/quickstart.rst', f'apt install {" ".join(packages)}')
    tested = re.findall(
        r'^([\w-]+) \[', (ROOT / 'bindep.txt').read_text(), re.MULTILINE
    )
    assert set(packages) <= set(tested)
    named = f'{NO_QEMU} {linux.KERNEL_PACKAGE} {linux.BUSYBOX_PACKAGE}'
    assert all(package in named for package in packages)
