# SPDX-License-Identifier: Apache-2.0
"""Who may do what: oslo.policy, with Nova's base rules under Nova's names.

An operator's policy.yaml for Nova governs here too, because the names are the same.
"""

from __future__ import annotations

import contextlib
import logging
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from oslo_config import cfg
from oslo_policy import opts as policy_opts
from oslo_policy import policy as oslo_policy

from console_ext import exceptions
from console_ext.watch import Watch

LOG = logging.getLogger(__name__)

PROJECT_MEMBER_OR_ADMIN = 'rule:project_member_or_admin'
PROJECT_READER_OR_ADMIN = 'rule:project_reader_or_admin'
PROJECT_MANAGER_OR_ADMIN = 'rule:project_manager_or_admin'
ADMIN = 'rule:context_is_admin'

_BEFORE_SCOPES = 'Nova replaced this by rules on roles in a project.'


def _deprecated(name: str, check: str) -> oslo_policy.DeprecatedRule:
    return oslo_policy.DeprecatedRule(
        name, check, deprecated_reason=_BEFORE_SCOPES, deprecated_since='21.0.0'
    )


def base_rules() -> list[oslo_policy.RuleDefault]:
    """The rules that Nova's own policies are built from (nova/policies/base.py)."""
    admin_api = _deprecated('rule:admin_api', 'is_admin:True')
    owner = _deprecated(
        'rule:admin_or_owner', 'is_admin:True or project_id:%(project_id)s'
    )
    rules: list[tuple[str, str, str, oslo_policy.DeprecatedRule | None]] = [
        ('context_is_admin', 'role:admin', 'Who is an administrator.', admin_api)
    ]
    for role, replaced in (
        ('manager', admin_api),
        ('member', owner),
        ('reader', owner),
    ):
        rules += [
            (
                f'project_{role}_api',
                f'role:{role} and project_id:%(project_id)s',
                f'The role {role} in the project of the target.',
                replaced,
            ),
            (
                f'project_{role}_or_admin',
                f'rule:project_{role}_api or rule:context_is_admin',
                f'The role {role} in the project of the target, or an administrator.',
                replaced,
            ),
        ]
    return [
        oslo_policy.RuleDefault(name, check, about, deprecated_rule=replaced)
        for name, check, about, replaced in rules
    ] + [
        oslo_policy.RuleDefault(
            name.removeprefix('rule:'),
            check,
            'For policy files that still name it.',
            deprecated_for_removal=True,
            deprecated_reason=_BEFORE_SCOPES,
            deprecated_since='21.0.0',
        )
        for name, check in (
            ('rule:admin_api', 'is_admin:True'),
            ('rule:admin_or_owner', 'is_admin:True or project_id:%(project_id)s'),
        )
    ]


# In a check as oslo.policy prints it.
_REFERENCE = re.compile(r'\brule:([^\s()]+)')

# What oslo.policy and its parser raise for files that are not what they should be.
_UNUSABLE = (
    AttributeError,
    OSError,
    TypeError,
    ValueError,
    cfg.Error,
    oslo_policy.InvalidDefinitionError,
    yaml.YAMLError,
)


def _missing(
    enforcer: oslo_policy.Enforcer, name: str, seen: set[str]
) -> Iterator[str]:
    """What a rule refers to, at whatever remove, and does not exist."""
    if name in seen:
        return
    seen.add(name)
    if name not in enforcer.rules:
        yield name
        return
    for other in _REFERENCE.findall(str(enforcer.rules[name])):
        yield from _missing(enforcer, other, seen)


class Policy:
    """The rules in force.

    oslo.policy looks for its files at every check, which costs more than the check
    itself, and while it reloads, other threads see rules without their defaults.  So
    an enforcer is loaded whole, used as it is, and replaced whole: at most
    :attr:`CHECK_INTERVAL_S` after a policy file has changed.  An edit that cannot be
    parsed is logged once and the last good rules stay.

    :param defaults: the rules of the extensions, registered beside Nova's base rules
    :raises ConfigurationError: two rules have one name, or the policy file is broken
        at the start
    """

    CHECK_INTERVAL_S = 1.0

    def __init__(
        self,
        conf: cfg.ConfigOpts,
        defaults: Iterable[oslo_policy.RuleDefault] = (),
    ):
        self._conf = conf
        self._defaults = [*base_rules(), *defaults]
        policy_opts.set_defaults(conf)
        self._watch = Watch(self._files_stamp, self.CHECK_INTERVAL_S)
        self._enforcer = self._load()

    @property
    def enforcer(self) -> oslo_policy.Enforcer:
        """The enforcer in force, for oslo.policy's own tools."""
        return self._enforcer

    def authorize(
        self, rule: str, target: Mapping[str, Any], credentials: dict[str, Any]
    ) -> None:
        """Check a registered rule.

        :param target: what is acted on: ``project_id`` and ``user_id`` at the least
        :raises NotAuthorized: the rule, or the scope of the token, says no
        """
        if not self._allows(rule, target, credentials):
            raise exceptions.NotAuthorized(rule)

    def is_admin(self, credentials: dict[str, Any]) -> bool:
        own = {key: credentials[key] for key in ('project_id', 'user_id')}
        return self._allows('context_is_admin', own, credentials)

    def knows(self, rule: str) -> bool:
        return rule in self._enforcer.registered_rules

    def problems(self, rules: Iterable[str]) -> Iterator[str]:
        """What is wrong with rules, as far as it can be seen without a request.

        :param rules: those that are asked for
        """
        known = set(rules)
        for name in self._enforcer.file_rules:
            if name not in known and any(name.startswith(f'{one}:') for one in known):
                yield f'nothing asks for the rule {name}'
        for name in sorted(known):
            for missing in _missing(self._enforcer, name, set()):
                yield f'{name} refuses, for there is no rule {missing}'

    def _allows(
        self, rule: str, target: Mapping[str, Any], credentials: dict[str, Any]
    ) -> bool:
        self._watch.look(self._read_again)
        try:
            return bool(self._enforcer.authorize(rule, target, credentials))
        except oslo_policy.PolicyNotRegistered:
            raise
        except Exception:
            # A check can be written that only fails when it is made.
            LOG.exception('Policy rule %s cannot be checked, and so refuses', rule)
            return False

    def _load(self) -> oslo_policy.Enforcer:
        """
        :raises ConfigurationError: the rules cannot be used
        """
        enforcer = oslo_policy.Enforcer(self._conf)
        enforcer.suppress_default_change_warnings = True
        try:
            enforcer.register_defaults(self._defaults)
            enforcer.load_rules()
            # It has warned of rules that are not defined, and they refuse; a rule that
            # refers to itself would recurse at each check.
            enforcer.skip_undefined_check = True
            enforcer.check_rules(raise_on_violation=True)
        except oslo_policy.DuplicatePolicyError as error:
            raise exceptions.ConfigurationError(f'policy: {error}') from error
        except _UNUSABLE as error:
            if isinstance(error, (AttributeError, TypeError)):
                # oslo.policy trips over YAML of another shape.
                error = ValueError('expected a mapping of rules to checks')
            name = self._conf.oslo_policy.policy_file
            text = ' '.join(str(error).split())
            raise exceptions.ConfigurationError(f'policy file {name}: {text}') from None
        enforcer.use_conf = False
        return enforcer

    def _read_again(self) -> None:
        try:
            self._enforcer = self._load()
        except exceptions.ConfigurationError as error:
            LOG.error('The former policy rules stay in force: %s', error)
        else:
            LOG.info('Policy files have changed; the new rules are in force')

    def _files_stamp(self) -> tuple[tuple[str, int, int], ...]:
        """Names, times and sizes of the policy files as they are now."""
        options = self._conf.oslo_policy
        paths = [self._conf.find_file(options.policy_file)]
        for name in options.policy_dirs:
            folder = self._conf.find_file(name)
            if folder is not None and os.path.isdir(folder):
                with contextlib.suppress(OSError):
                    paths += [entry.path for entry in os.scandir(folder)]
        stamp = []
        for path in sorted(path for path in paths if path is not None):
            try:
                status = os.stat(path)
            except OSError:
                continue
            stamp.append((path, status.st_mtime_ns, status.st_size))
        return tuple(stamp)
