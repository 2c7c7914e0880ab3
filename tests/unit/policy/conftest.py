# SPDX-License-Identifier: Apache-2.0
"""A policy with the rules of an extension and the options of an operator."""

import pytest

from console_ext.api.policies import remote_consoles as policies
from console_ext.policy import Policy


@pytest.fixture
def check_always(monkeypatch):
    """Check the policy files on each call."""
    monkeypatch.setattr(Policy, 'CHECK_INTERVAL_S', 0.0)


@pytest.fixture
def policy_of(deployment, check_always):
    """Return a policy with the console extension's rules and these options."""

    def make(**options):
        deployment.configure(oslo_policy=options)
        return Policy(deployment.conf(), policies.list_rules())

    return make
