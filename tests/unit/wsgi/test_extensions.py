# SPDX-License-Identifier: Apache-2.0
"""The interface of extensions."""

import dataclasses
import inspect

import pytest

from console_ext import wsgi
from console_ext.wsgi import extensions


class Smallest(wsgi.V21APIExtensionBase):
    """The minimal extension."""

    name = 'Smallest'
    alias = 'smallest'


def test_names_are_nova_s():
    """Plugins depend on these names."""
    assert extensions.NAMESPACE == 'console_ext.api.v21.extensions'
    assert list(inspect.signature(wsgi.ControllerExtension).parameters) == [
        'extension',
        'collection',
        'controller',
    ]
    assert list(inspect.signature(wsgi.ResourceExtension).parameters) == [
        'collection',
        'controller',
        'parent',
        'member_name',
        'id_name',
    ]


def test_public_names():
    """All names that an author imports."""
    assert {name for name in wsgi.__all__ if hasattr(wsgi, name)} == {
        'Controller',
        'ControllerExtension',
        'Declined',
        'Request',
        'ResourceExtension',
        'V21APIExtensionBase',
        'action',
        'api_version',
        'authorize',
        'expected_errors',
        'response',
        'serves',
    }


def test_smallest_extension(deployment):
    """Everything optional has a default."""
    conf = deployment.conf()
    extension = Smallest(conf)
    assert extension.conf is conf
    assert extension.version == 1
    assert list(extension.get_controller_extensions()) == []
    assert list(extension.get_resources()) == []
    assert list(extension.get_policies()) == []
    assert extension.close() is None


@pytest.mark.parametrize(
    'value',
    [
        wsgi.ControllerExtension(None, 'servers', None),  # type: ignore[arg-type]
        wsgi.ResourceExtension('things', None),
    ],
)
def test_values(value):
    """Values of an extension cannot be changed afterwards."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.collection = 'other'


def test_defaults_of_a_resource():
    """By default a resource is at the top level, and its name gives that of members."""
    resource = wsgi.ResourceExtension('things', None)
    assert (resource.parent, resource.member_name, resource.id_name) == (
        None,
        None,
        None,
    )
