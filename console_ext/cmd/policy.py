# SPDX-License-Identifier: Apache-2.0
"""Entry points for oslo.policy's tools."""

from __future__ import annotations

from oslo_policy import policy as oslo_policy

from console_ext import conf as config
from console_ext.api import policies
from console_ext.policy import base_rules
from console_ext.standalone import app
from console_ext.wsgi import loader


def list_rules() -> list[oslo_policy.RuleDefault]:
    """Return the rules of this package, for oslopolicy-sample-generator."""
    return [*base_rules(), *app.policies(), *policies.list_rules()]


def get_enforcer() -> oslo_policy.Enforcer:
    """Return the current rules, for oslopolicy-policy-generator and similar tools.

    These tools have no option for this package's configuration files; the environment
    variable CONSOLE_EXT_CONFIG_FILES names the files.
    """
    return loader.load(config.load(), app.policies()).policy.enforcer
