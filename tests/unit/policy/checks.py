# SPDX-License-Identifier: Apache-2.0
"""Checking policy rules as a request does."""

import os

from console_ext import exceptions
from console_ext.context import RequestContext
from tests.parts.deployment import PROJECT_A

TARGET = {'project_id': PROJECT_A, 'user_id': 'alice'}


def credentials(roles='member,reader', user_id='alice', project_id=PROJECT_A, **more):
    context = RequestContext(
        user_id=user_id, project_id=project_id, roles=roles.split(','), **more
    )
    return context.to_policy_values()


def allows(policy, rule, who=None, target=TARGET):
    try:
        policy.authorize(rule, target, who or credentials())
    except exceptions.NotAuthorized:
        return False
    return True


def touch(path, text):
    """Write a file with a new modification time, however fast this machine is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    if path.stat().st_mtime_ns <= before:
        os.utime(path, ns=(before + 1, before + 1))
