# SPDX-License-Identifier: Apache-2.0
"""A policy, as an extension's rules and an operator's options make it."""

import pytest

from console_ext.api.policies import remote_consoles as policies
from console_ext.policy import Policy


@pytest.fixture
def check_always(monkeypatch):
    """Policy files are looked at for each check."""
    monkeypatch.setattr(Policy, 'CHECK_INTERVAL_S', 0.0)


@pytest.fixture
def policy_of(deployment, check_always):
    """The console extension's rules, with these options of ``[oslo_policy]``."""

    def make(**options):
        deployment.configure(oslo_policy=options)
        return Policy(deployment.conf(), policies.list_rules())

    return make
