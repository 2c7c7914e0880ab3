# SPDX-License-Identifier: Apache-2.0
"""The policy rules of the installed extensions, for oslo.policy's tools."""

from __future__ import annotations

from oslo_policy import policy as oslo_policy

from console_ext import conf as config
from console_ext.api import policies
from console_ext.policy import base_rules
from console_ext.standalone import app
from console_ext.wsgi import loader


def list_rules() -> list[oslo_policy.RuleDefault]:
    """For oslopolicy-sample-generator: the rules of this package."""
    return [*base_rules(), *app.policies(), *policies.list_rules()]


def get_enforcer() -> oslo_policy.Enforcer:
    """For oslopolicy-policy-generator and its like: every rule in force.

    Those tools take no configuration files of ours; the environment variable
    CONSOLE_EXT_CONFIG_FILES names them.
    """
    return loader.load(config.load(), app.policies()).policy.enforcer
