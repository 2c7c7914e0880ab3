# SPDX-License-Identifier: Apache-2.0
"""The look-up in Nova's databases, where there is no Nova.

Where there is one, tests/integration/nova asks it.
"""

import sys
from types import SimpleNamespace

import pytest

from console_ext import exceptions
from console_ext.servers import base, nova


def test_without_nova(deployment, monkeypatch):
    """One clear line, only if this look-up is selected."""
    monkeypatch.setitem(sys.modules, 'nova', None)
    deployment.configure(api={'servers': 'nova'})
    with pytest.raises(exceptions.ConfigurationError) as caught:
        base.load(deployment.conf(), None)
    assert str(caught.value).startswith(
        '[api] servers = nova: Nova cannot be imported (import of nova halted'
    )


def test_nova_s_files(deployment, monkeypatch):
    """The files, or the environment, have the URL of Nova's API database."""
    assert not nova.has_files(deployment.conf())
    monkeypatch.setenv('OS_API_DATABASE__CONNECTION', 'sqlite://')
    assert nova.has_files(deployment.conf())
    monkeypatch.undo()
    deployment.configure(api_database={'connection': 'sqlite://'})
    nova.require_files(deployment.conf())


def test_look_up_without_nova_s_files(deployment, monkeypatch):
    """Nova's policy would be ignored."""
    modules = {name: SimpleNamespace() for name in ('context', 'exception')}
    objects = SimpleNamespace(InstanceMapping=None)
    monkeypatch.setitem(
        sys.modules, 'nova', SimpleNamespace(objects=objects, **modules)
    )
    deployment.configure(api={'servers': 'nova'})
    with pytest.raises(exceptions.ConfigurationError, match="needs Nova's own"):
        base.load(deployment.conf(), None)


def test_part_of_nova():
    """Part of Nova is recognised as object, function or class."""

    def function():
        pass

    assert not nova.is_part_of(function)
    assert not nova.is_part_of(object())
    function.__module__ = 'novation.api'
    assert not nova.is_part_of(function)
    function.__module__ = 'nova.api.openstack'
    assert nova.is_part_of(function)
