# SPDX-License-Identifier: Apache-2.0
"""The position of the filter in another API's PasteDeploy file."""

import pytest

from console_ext.cmd.check import pipeline
from tests.parts.deployment import ETC

FILES = ('/etc/nova/nova.conf', '/etc/console_ext/console_ext.conf')

GOOD = """
[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/: oscomputeversions
/v2.1/+: openstack_compute_api_v21

[pipeline:oscomputeversions]
pipeline = cors faultwrap oscomputeversionapp

[composite:v21]
use = call:nova.api.auth:pipeline_factory_v21
keystone = cors authtoken keystonecontext console_ext app_v21
noauth2 = cors noauth2 app_v21

[composite:v2]
use = call:nova.api.auth:pipeline_factory_v21
keystone = cors authtoken keystonecontext legacy console_ext app_v21

[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory

[filter:keystonecontext]
paste.filter_factory = nova.api.auth:NovaKeystoneContext.factory

[filter:legacy]
paste.filter_factory = nova.api.openstack:LegacyV2CompatibleWrapper.factory

[app:app_v21]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory

[filter:console_ext]
paste.filter_factory = console_ext.wsgi.filter:factory
config_files = /etc/nova/nova.conf:/etc/console_ext/console_ext.conf
"""


@pytest.fixture
def faults(tmp_path):
    def of(text, files=FILES, strategy='keystone'):
        path = tmp_path / 'api-paste.ini'
        path.write_text(text)
        return pipeline.faults(str(path), files, strategy)

    return of


def test_as_it_should_be(faults):
    """Pipelines of other strategies and of other applications are ignored."""
    assert faults(GOOD) == []


def test_plain_pipeline(faults):
    """A plain PasteDeploy pipeline."""
    text = GOOD.replace('keystone =', 'pipeline =')
    assert faults(text) == []
    assert faults(text.replace('legacy console_ext', 'legacy')) == [
        '[composite:v2] pipeline leads to app_v21 without the filter: add the filter'
    ]


@pytest.mark.parametrize(
    ('old', 'new', 'fault'),
    [
        (
            'legacy console_ext',
            'legacy',
            '[composite:v2] keystone leads to app_v21 without the filter: ',
        ),
        (
            'cors authtoken keystonecontext console_ext',
            'authtoken console_ext keystonecontext',
            '[composite:v21] keystone has the filter before keystonecontext: move it '
            'behind keystonecontext',
        ),
        (
            'wsgi.filter:factory',
            'wsgi.filters:factory',
            'no section has paste.filter_factory = console_ext.wsgi.filter:factory',
        ),
        ('filter:console_ext]', 'filter:other]', 'no pipeline contains other: add it'),
        (
            '/etc/nova/nova.conf:',
            '',
            '[filter:console_ext] config_files = /etc/console_ext/console_ext.conf, '
            'but check reads /etc/nova/nova.conf:/etc/console_ext/console_ext.conf',
        ),
        (
            'config_files = /etc/nova/nova.conf:/etc/console_ext/console_ext.conf',
            '',
            "[filter:console_ext] has no config_files, so Nova's policy and message "
            'bus are unknown: add config_files = /etc/nova/nova.conf:',
        ),
        (
            '= /etc/nova/nova.conf:',
            '= nova.conf:',
            '[filter:console_ext] config_files contains the relative path nova.conf, ',
        ),
        (
            'cors authtoken keystonecontext console_ext',
            'cors keystonecontext console_ext',
            '[composite:v21] keystone has no known authentication filter before '
            'console_ext: add one',
        ),
        ('[composite:osapi_compute]', '', 'it is not a PasteDeploy file: '),
    ],
)
def test_faults(faults, old, new, fault):
    assert GOOD.count(old) == 1
    found = faults(GOOD.replace(old, new))
    (only,) = found
    assert only.startswith(fault)


def test_files_of_another_api(faults):
    """Other APIs than Nova find their configuration in the usual place."""
    other = """
[pipeline:main]
pipeline = authtoken console_ext application

[filter:authtoken]
use = egg:keystonemiddleware#auth_token

[filter:console_ext]
use = call:console_ext.wsgi.filter:factory

[app:application]
paste.app_factory = other:factory
"""
    assert faults(other) == []
    assert faults(other.replace('egg:', 'egg:not-')) == [
        '[pipeline:main] pipeline has no known authentication filter before '
        "console_ext: add one, such as keystonemiddleware's auth_token"
    ]


@pytest.mark.parametrize(
    ('section', 'known'),
    [
        ('paste.filter_factory = keystonemiddleware.auth_token:filter_factory', True),
        ('use = egg:keystonemiddleware#oauth2_token', True),
        ('use = other', True),
        ('use = call:nova.api.openstack.auth:NoAuthMiddleware.factory', True),
        ('paste.filter_factory = authtoken:filter_factory', False),
        ('paste.filter_factory = keystonemiddleware.audit:filter_factory', False),
        ('use = egg:keystonemiddleware#audit', False),
        ('use = authtoken', False),
        ('use = absent', False),
        ('key = value', False),
    ],
)
def test_authentication_is_known_by_its_factory(faults, section, known):
    """The name of a filter does not prove that it authenticates; its factory does."""
    own = 'paste.filter_factory = keystonemiddleware.auth_token:filter_factory'
    other = f'\n[filter:other]\n{own}\n'
    found = faults(GOOD.replace(own, section) + other)
    assert len(found) == (0 if known else 2)
    assert all('no known authentication filter' in fault for fault in found)


def test_stand_alone_file(tmp_path):
    """The shipped file passes; a pipeline without authentication does not."""
    shipped = (ETC / 'api-paste.ini').read_text()
    path = tmp_path / 'api-paste.ini'
    path.write_text(shipped)
    assert pipeline.open_pipelines(str(path), 'noauth') == []
    path.write_text(shipped.replace(' keystone_auth compute', ' compute'))
    (fault,) = pipeline.open_pipelines(str(path), 'noauth')
    assert fault.startswith(
        '[pipeline:keystone] pipeline has no known authentication filter before '
    )


def test_files_that_pastedeploy_would_escape(faults):
    text = GOOD.replace('/etc/nova/', '/etc/100%%/')
    assert faults(text, ('/etc/100%/nova.conf', FILES[1])) == []


def test_what_cannot_be_read(tmp_path):
    """The error is one line."""
    assert pipeline.faults(str(tmp_path / 'absent'), FILES, 'keystone') == [
        'it cannot be read: No such file or directory'
    ]
    binary = tmp_path / 'binary'
    binary.write_bytes(b'\xff\xfe')
    (fault,) = pipeline.faults(str(binary), FILES, 'keystone')
    assert fault.startswith('it is not a PasteDeploy file')
