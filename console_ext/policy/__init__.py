# SPDX-License-Identifier: Apache-2.0
"""Access control with oslo.policy and Nova's base rules.

The rules have Nova's names, so that an operator's policy.yaml for Nova applies here.
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

# A reference to another rule, in oslo.policy's printed form of a check.
_REFERENCE = re.compile(r'\brule:([^\s()]+)')


def _undefined_references(
    enforcer: oslo_policy.Enforcer, name: str, seen: set[str]
) -> Iterator[str]:
    """Yield the undefined rules that a rule refers to, directly or indirectly."""
    if name in seen:
        return
    seen.add(name)
    if name not in enforcer.rules:
        yield name
        return
    for other in _REFERENCE.findall(str(enforcer.rules[name])):
        yield from _undefined_references(enforcer, other, seen)


class Policy:
    """The current policy rules, reloaded when their files change.

    oslo.policy looks at its files on every check, which costs more than the check
    itself.  While it reloads, other threads see rules without their defaults.  This
    class therefore builds a new enforcer and replaces the old one, when a change of
    the policy files is :attr:`CHECK_INTERVAL_S` old.  It keeps the old rules, and logs
    an error once per change, if the files are invalid, or if a file that had rules is
    missing or empty.

    :param defaults: the rules of the extensions, in addition to Nova's base rules
    :raises ConfigurationError: two rules have the same name, a policy file is invalid,
        or a configured file is missing or empty
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
        self._watch = Watch(self._files.settled_stamp, self.CHECK_INTERVAL_S)
        self._files.check_configured()
        # The files that the current rules come from.
        self._sources: frozenset[str] = frozenset()
        self._enforcer, self._sources = self._load()

    @property
    def enforcer(self) -> oslo_policy.Enforcer:
        """The current enforcer, for oslo.policy's own tools."""
        return self._enforcer

    def authorize(
        self, rule: str, target: Mapping[str, Any], credentials: dict[str, Any]
    ) -> None:
        """Check a registered rule.

        :param target: the object of the operation, with at least ``project_id`` and
            ``user_id``
        :raises NotAuthorized: the rule or the token's scope denies access
        """
        if not self._allows(rule, target, credentials):
            raise exceptions.NotAuthorized(rule)

    def is_admin(self, credentials: dict[str, Any]) -> bool:
        own = {key: credentials[key] for key in ('project_id', 'user_id')}
        return self._allows('context_is_admin', own, credentials)

    def knows(self, rule: str) -> bool:
        return rule in self._enforcer.registered_rules

    def problems(self, rules: Iterable[str]) -> Iterator[str]:
        """Yield the problems of rules that can be found without a request.

        :param rules: the names of the rules that operations check
        """
        known = set(rules)
        for name in self._enforcer.file_rules:
            if name not in known and any(name.startswith(f'{one}:') for one in known):
                yield f'{name} has no effect: no operation checks a rule of this name'
        for name in sorted(known):
            for undefined in _undefined_references(self._enforcer, name, set()):
                yield (
                    f'{name} denies everyone: it refers to the undefined rule '
                    f'{undefined}'
                )

    def _allows(
        self, rule: str, target: Mapping[str, Any], credentials: dict[str, Any]
    ) -> bool:
        self._watch.check(self._reload)
        try:
            return bool(self._enforcer.authorize(rule, target, credentials))
        except oslo_policy.PolicyNotRegistered:
            raise
        except Exception:
            # Some errors in a check only show when it is evaluated.
            LOG.exception('Denied: the policy rule %s cannot be evaluated', rule)
            return False

    def _load(self) -> tuple[oslo_policy.Enforcer, frozenset[str]]:
        """
        :returns: the new rules and the files that they come from
        :raises ConfigurationError: the rules are invalid
        """
        files = self._files.read()
        for path in sorted(self._sources):
            if files.get(path) is None:
                state = 'is empty now' if path in files else 'is missing now'
                raise exceptions.ConfigurationError(
                    f'policy file {path} {state}. To drop its rules, write {{}} into '
                    'it or restart.'
                )
        enforcer = oslo_policy.Enforcer(self._conf)
        enforcer.suppress_default_change_warnings = True
        try:
            enforcer.register_defaults(self._defaults)
            enforcer.load_rules()
            # load_rules() has warned of undefined rules, which deny access.  A rule
            # that refers to itself is an error: its check would recurse.
            enforcer.skip_undefined_check = True
            enforcer.check_rules(raise_on_violation=True)
        except oslo_policy.DuplicatePolicyError as error:
            raise exceptions.ConfigurationError(f'policy: {error}') from error
        except (oslo_policy.InvalidDefinitionError, cfg.Error, OSError) as error:
            raise exceptions.ConfigurationError(f'policy files: {error}') from None
        enforcer.use_conf = False
        return enforcer, frozenset(path for path, rules in files.items() if rules)

    def _reload(self) -> None:
        before = self._files.stamp()
        try:
            enforcer, sources = self._load()
        except exceptions.ConfigurationError as error:
            LOG.error('The previous policy rules stay in force: %s', error)
            return
        if self._files.stamp() != before:
            # A file changed while it was read; the next check reloads.
            return
        self._enforcer, self._sources = enforcer, sources
        LOG.info('Policy files have changed; the new rules are in force')
