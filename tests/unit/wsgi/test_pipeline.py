# SPDX-License-Identifier: Apache-2.0
"""The filter's place in another API's file."""

import pytest

from console_ext.wsgi import pipeline

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
    """Pipelines of another strategy, and to other applications, do not count."""
    assert faults(GOOD) == []


def test_plain_pipeline(faults):
    """As PasteDeploy itself has them."""
    text = GOOD.replace('keystone =', 'pipeline =')
    assert faults(text) == []
    assert faults(text.replace('legacy console_ext', 'legacy')) == [
        '[composite:v2] pipeline leads to app_v21 past the filter'
    ]


@pytest.mark.parametrize(
    ('old', 'new', 'fault'),
    [
        (
            'legacy console_ext',
            'legacy',
            '[composite:v2] keystone leads to app_v21 past the filter',
        ),
        (
            'authtoken keystonecontext console_ext',
            'console_ext authtoken keystonecontext',
            '[composite:v21] keystone has the filter in front of keystonecontext, '
            'which it needs',
        ),
        (
            'wsgi.filter:factory',
            'wsgi.filters:factory',
            'no section has paste.filter_factory = console_ext.wsgi.filter:factory',
        ),
        ('filter:console_ext]', 'filter:other]', 'no pipeline names other'),
        (
            '/etc/nova/nova.conf:',
            '',
            '[filter:console_ext] config_files = /etc/console_ext/console_ext.conf, '
            'and not /etc/nova/nova.conf:/etc/console_ext/console_ext.conf',
        ),
        ('[composite:osapi_compute]', '', 'it is no PasteDeploy file: '),
    ],
)
def test_faults(faults, old, new, fault):
    assert GOOD.count(old) == 1
    found = faults(GOOD.replace(old, new))
    (only,) = found
    assert only.startswith(fault)


def test_files_that_pastedeploy_would_escape(faults):
    text = GOOD.replace('/etc/nova/', '/etc/100%%/')
    assert faults(text, ('/etc/100%/nova.conf', FILES[1])) == []


def test_what_cannot_be_read(tmp_path):
    """In one line, whatever it is."""
    assert pipeline.faults(str(tmp_path / 'absent'), FILES, 'keystone') == [
        'it cannot be read: No such file or directory'
    ]
    binary = tmp_path / 'binary'
    binary.write_bytes(b'\xff\xfe')
    (fault,) = pipeline.faults(str(binary), FILES, 'keystone')
    assert fault.startswith('it is no PasteDeploy file')
