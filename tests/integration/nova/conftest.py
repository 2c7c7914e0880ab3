# SPDX-License-Identifier: Apache-2.0
"""One Nova for all tests here, with several APIs."""

from __future__ import annotations

import os
import re
import uuid
from pathlib import Path

import openstack.exceptions
import pytest

from console_ext.store import migration
from tests.functional import stock_clients
from tests.parts import nova as clouds
from tests.parts.api_client import TOKENS
from tests.parts.deployment import server_id
from tests.parts.rabbitmq import AVAILABLE
from tests.parts.stores import factories

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config, items):
    """Count a test's own time only.

    Whichever test comes first starts the cloud, which takes minutes on a loaded
    machine.  Each step of that has a timeout of its own.
    """
    for item in items:
        if HERE in item.path.parents:
            marker = item.get_closest_marker('timeout')
            seconds = marker.args[0] if marker else float(config.getini('timeout'))
            own = pytest.mark.timeout(seconds, func_only=True)
            item.add_marker(own, append=False)


@pytest.fixture(scope='session')
def cloud(tmp_path_factory):
    """A Nova without an API."""
    for name, available in (
        ('rabbitmq-server', AVAILABLE),
        (f'nova in {clouds.BIN}', clouds.AVAILABLE),
    ):
        if not available:
            assert not os.environ.get('CI'), f'{name} is not installed'
            pytest.skip(f'{name} is not installed')
    cloud = clouds.Cloud(tmp_path_factory.mktemp('nova'))
    try:
        cloud.start()
        yield cloud
    finally:
        cloud.stop()


@pytest.fixture(scope='session')
def plain(cloud):
    """The URL of an unmodified nova-api."""
    return cloud.start_api('plain', clouds.paste())


def _filtered(cloud, look_up, name='filtered', more='', policy=None):
    return cloud.start_api_with_filter(
        f'{name}-{look_up}', clouds.console_ext(look_up, more), policy
    )


@pytest.fixture(scope='session')
def by_nova(cloud):
    """The URL of a nova-api with the filter, which reads Nova's databases."""
    return _filtered(cloud, 'nova')


@pytest.fixture(scope='session')
def by_upstream(cloud):
    """The same, but the filter asks the wrapped API."""
    return _filtered(cloud, 'upstream')


@pytest.fixture(scope='session')
def impatient(cloud):
    """Like by_nova, with a short timeout."""
    more = (
        f'[api]\nlook_up_timeout = {clouds.SOON}\n'
        f'[console_rpc]\ntimeout = {clouds.SOON}\n'
    )
    return _filtered(cloud, 'nova', 'impatient', more)


@pytest.fixture(scope='session')
def patient(cloud):
    """Like by_nova, with a longer timeout than a compute host's."""
    more = f'[console_rpc]\ntimeout = {clouds.PATIENCE}\n'
    return _filtered(cloud, 'nova', 'patient', more)


@pytest.fixture(scope='session')
def store(tmp_path_factory):
    """The URL of a database for tokens."""
    connection = f'sqlite:///{tmp_path_factory.mktemp("store")}/console.db'
    migration.sync(factories.configuration(connection))
    return connection


@pytest.fixture(scope='session')
def storing(cloud, store):
    """Like by_nova, but with a store for our proxy."""
    return _filtered(cloud, 'nova', 'storing', f'[database]\nconnection = {store}\n')


@pytest.fixture(scope='session')
def without_vnc(cloud, store):
    """As storing, but consoles of VNC are left to Nova."""
    more = (
        f'[database]\nconnection = {store}\n'
        '[api]\nconsole_types = serial, spice-html5, spice-direct\n'
    )
    return _filtered(cloud, 'nova', 'without-vnc', more)


@pytest.fixture(scope='session')
def strict(cloud, store):
    """As storing, but members may not open SPICE consoles in a browser."""
    more = f'[database]\nconnection = {store}\n'
    policy = '"os_compute_api:os-remote-consoles:spice": "rule:context_is_admin"\n'
    return _filtered(cloud, 'nova', 'strict', more, policy)


@pytest.fixture
def is_ours(plain, storing):
    """Whether a URL of a server was granted by the filter, and not by Nova."""
    of_nova, of_both = (
        stock_clients.sdk(f'{api}/v2.1', TOKENS['root']).compute
        for api in (plain, storing)
    )

    def is_ours(url, number='01'):
        token = re.search('token(?:=|%3D)([0-9A-Za-z_-]+)$', url)[1]
        found = of_both.validate_console_auth_token(token)
        assert found.instance_uuid == server_id(number)
        try:
            of_nova.validate_console_auth_token(token)
        except openstack.exceptions.NotFoundException:
            assert re.fullmatch('[0-9A-Za-z_-]{43}', token)
            return True
        assert uuid.UUID(token)
        return False

    return is_ours


@pytest.fixture(params=['nova', 'upstream'])
def filtered(request):
    """Each of the APIs with a filter."""
    return request.getfixturevalue(f'by_{request.param}')
