# SPDX-License-Identifier: Apache-2.0
"""The pipeline of the PasteDeploy file."""

import pytest

from console_ext import conf as config
from console_ext import exceptions
from console_ext.standalone import deploy
from tests.parts.deployment import ETC
from tests.parts.wsgi_client import ALICE, ask

PASTE = """
[pipeline:noauth]
pipeline = {filters} compute

[filter:noauth_auth]
paste.filter_factory = console_ext.standalone.middleware.noauth:filter_factory

[filter:broken]
paste.filter_factory = {broken}

[app:compute]
paste.app_factory = console_ext.standalone.app:factory
"""


def test_pipeline_of_the_release(deployment):
    """A request passes the whole pipeline."""
    response = ask(deploy.load_app(deployment.conf()), '/v2.1/servers', token=ALICE)
    assert response.status_int == 200
    for header in ('x-openstack-request-id', 'x-compute-request-id'):
        assert response.headers[header].startswith('req-')


def test_strategy_names_the_pipeline(deployment):
    """``keystone`` is the default, and requires a token."""
    deployment.configure(
        api={'auth_strategy': 'keystone'},
        keystone_authtoken={'www_authenticate_uri': 'http://keystone.example/'},
    )
    application = deploy.load_app(deployment.conf())
    assert ask(application, '/v2.1/servers').status_int == 401
    assert ask(application, '/').status_int == 200
    assert ask(application, '/healthcheck').status_int == 200


def test_file_beside_the_configuration(deployment):
    """The directory of the configuration is searched first."""
    (deployment.path / 'mine.ini').write_text(
        PASTE.format(filters='noauth_auth', broken='x:y')
    )
    deployment.configure(api={'paste_config': 'mine.ini'})
    application = deploy.load_app(deployment.conf())
    assert ask(application, '/servers', token=ALICE).status_int == 200


def test_directories_of_the_command_line(deployment):
    """The pipeline reads them too, and finds policy files in them."""
    for number in ('1', '2'):
        directory = deployment.path / f'{number}.d'
        directory.mkdir()
        (directory / 'drop-in.conf').write_text(
            f'[oslo_policy]\npolicy_file = {number}.yaml\n'
        )
        (directory / f'{number}.yaml').write_text(
            f"'os_compute_api:servers:index': '{'@!'[number == '1']}'\n"
        )
    args = ['--config-file', str(deployment.config_file)]
    for number, status in (('1', 403), ('2', 200)):
        args += ['--config-dir', str(deployment.path / f'{number}.d')]
        application = deploy.load_app(config.load(args=args))
        assert ask(application, '/v2.1/servers', token=ALICE).status_int == status


def test_file_that_is_missing(deployment):
    """The error has the option and its value."""
    deployment.configure(api={'paste_config': 'none.ini'})
    with pytest.raises(exceptions.ConfigurationError, match=r'= none\.ini: '):
        deploy.load_app(deployment.conf())


@pytest.mark.parametrize(
    'text',
    [
        '',
        '[pipeline:other]\npipeline = compute\n',
        PASTE.format(filters='no_such_filter', broken='x:y'),
        PASTE.format(filters='broken', broken='no_such_module:factory'),
        PASTE.format(
            filters='broken', broken='console_ext.standalone.app:no_such_name'
        ),
        PASTE.format(filters='broken', broken='console_ext.standalone.app:MAX_LISTED'),
    ],
)
def test_file_that_cannot_be_used(deployment, text):
    """The error is one line with the path of the file."""
    (deployment.path / 'mine.ini').write_text(text)
    deployment.configure(api={'paste_config': 'mine.ini'})
    with pytest.raises(exceptions.ConfigurationError) as caught:
        deploy.load_app(deployment.conf())
    assert str(caught.value).startswith(f'{deployment.path / "mine.ini"}: ')


@pytest.mark.parametrize('text', ['no section', '[pipeline:noauth\n', '[a]\nb\n'])
def test_file_that_is_no_ini(deployment, text):
    """The same for a file that cannot be parsed."""
    (deployment.path / 'mine.ini').write_text(text)
    deployment.configure(api={'paste_config': 'mine.ini'})
    with pytest.raises(exceptions.ConfigurationError, match=r'mine\.ini'):
        deploy.load_app(deployment.conf())


def test_error_of_a_part_comes_through(deployment):
    """An error of the inventory is not reported as one of the pipeline."""
    deployment.inventory_file.write_text('servers: 7')
    with pytest.raises(exceptions.InventoryError):
        deploy.load_app(deployment.conf())


def test_both_pipelines_have_one_order():
    """They only differ in their authentication."""
    text = (ETC / 'api-paste.ini').read_text()
    keystone, noauth = [
        line.replace('keystone', 'X').replace('noauth', 'X')
        for line in text.splitlines()
        if line.startswith('pipeline = ')
    ]
    assert keystone == noauth
