# SPDX-License-Identifier: Apache-2.0
"""Who may do what: oslo.policy, with Nova's base rules under Nova's names.

An operator's policy.yaml for Nova governs here too, because the names are the same.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from oslo_config import cfg
from oslo_policy import opts as policy_opts
from oslo_policy import policy as oslo_policy

from console_ext import exceptions
from console_ext.policy.base import (
    ADMIN,
    PROJECT_MANAGER_OR_ADMIN,
    PROJECT_MEMBER_OR_ADMIN,
    PROJECT_READER_OR_ADMIN,
    base_rules,
)
from console_ext.policy.files import PolicyFiles
from console_ext.watch import Watch

__all__ = [
    'ADMIN',
    'PROJECT_MANAGER_OR_ADMIN',
    'PROJECT_MEMBER_OR_ADMIN',
    'PROJECT_READER_OR_ADMIN',
    'Policy',
    'base_rules',
]

LOG = logging.getLogger(__name__)

# In a check as oslo.policy prints it.
_REFERENCE = re.compile(r'\brule:([^\s()]+)')


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
    an enforcer is loaded whole, used as it is, and replaced whole, once a change of
    the policy files is :attr:`CHECK_INTERVAL_S` old.  The last good rules stay where
    the files can no longer be used, or where one that had rules is gone or says
    nothing; the log says it once for each change.

    :param defaults: the rules of the extensions, registered beside Nova's base rules
    :raises ConfigurationError: two rules have one name, a policy file cannot be used at
        the start, or one that is configured is absent or empty
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
        self._files = PolicyFiles(conf, self.CHECK_INTERVAL_S)
        self._watch = Watch(self._files.settled, self.CHECK_INTERVAL_S)
        self._files.check_configured()
        # The files that have rules which are in force.
        self._ruling: frozenset[str] = frozenset()
        self._enforcer, self._ruling = self._load()

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

    def _load(self) -> tuple[oslo_policy.Enforcer, frozenset[str]]:
        """
        :returns: the new rules, and the files that they are from
        :raises ConfigurationError: the rules cannot be used
        """
        files = self._files.read()
        for path in sorted(self._ruling):
            if files.get(path) is None:
                state = 'says nothing any more' if path in files else 'is gone'
                raise exceptions.ConfigurationError(
                    f'policy file {path} {state}; to do without its rules, write {{}} '
                    'into it, or restart'
                )
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
        except (oslo_policy.InvalidDefinitionError, cfg.Error, OSError) as error:
            raise exceptions.ConfigurationError(f'policy files: {error}') from None
        enforcer.use_conf = False
        return enforcer, frozenset(path for path, rules in files.items() if rules)

    def _read_again(self) -> None:
        before = self._files.look()
        try:
            enforcer, ruling = self._load()
        except exceptions.ConfigurationError as error:
            LOG.error('The former policy rules stay in force: %s', error)
            return
        if self._files.look() != before:
            # Somebody is writing: the next look comes to it.
            return
        self._enforcer, self._ruling = enforcer, ruling
        LOG.info('Policy files have changed; the new rules are in force')
