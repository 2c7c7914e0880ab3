# SPDX-License-Identifier: Apache-2.0
"""Who may do what."""

import logging
import os

import pytest
from oslo_policy import policy as oslo_policy

from console_ext import exceptions
from console_ext.api import policies
from console_ext.context import RequestContext
from console_ext.policy import Policy, base_rules
from tests.deployment import PROJECT_A, PROJECT_B

TARGET = {'project_id': PROJECT_A, 'user_id': 'alice'}
DENY = '!'


def credentials(roles='member,reader', user_id='alice', project_id=PROJECT_A, **more):
    context = RequestContext(
        user_id=user_id, project_id=project_id, roles=roles.split(','), **more
    )
    return context.to_policy_values()


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


def allows(policy, rule, who=None, target=TARGET):
    try:
        policy.authorize(rule, target, who or credentials())
    except exceptions.NotAuthorized:
        return False
    return True


def touch(path, text):
    """Write a file so that its time is another one, however fast this machine is."""
    before = path.stat().st_mtime_ns if path.exists() else 0
    path.write_text(text)
    if path.stat().st_mtime_ns <= before:
        os.utime(path, ns=(before + 1, before + 1))


# The rules.


BASE_RULES = [
    # rule, manager, member, reader, admin of another project
    ('context_is_admin', False, False, False, True),
    ('project_manager_api', True, False, False, False),
    ('project_manager_or_admin', True, False, False, True),
    ('project_member_api', True, True, False, False),
    ('project_member_or_admin', True, True, False, True),
    ('project_reader_api', True, True, True, False),
    ('project_reader_or_admin', True, True, True, True),
    ('admin_api', False, False, False, False),
    ('admin_or_owner', True, True, True, False),
]


@pytest.mark.parametrize(('rule', 'manager', 'member', 'reader', 'admin'), BASE_RULES)
def test_base_rules(policy_of, rule, manager, member, reader, admin):
    """Nova's names, with Nova's meaning."""
    policy = policy_of()
    roles = 'manager,member,reader'
    assert allows(policy, rule, credentials(roles)) is manager
    assert allows(policy, rule, credentials('member,reader')) is member
    assert allows(policy, rule, credentials('reader')) is reader
    root = credentials('admin', project_id=PROJECT_B)
    assert allows(policy, rule, root) is admin
    other = credentials(roles, project_id=PROJECT_B)
    assert not allows(policy, rule, other)


def test_every_base_rule_is_walked():
    """A rule that is not in the table above is not tested."""
    assert {rule.name for rule in base_rules()} == {row[0] for row in BASE_RULES}


@pytest.mark.parametrize('rule', [policies.BASE, policies.SERIAL, policies.SPICE])
def test_consoles_are_for_members_and_administrators(policy_of, rule):
    """The default of each type is Nova's one rule."""
    policy = policy_of()
    assert allows(policy, rule)
    assert not allows(policy, rule, credentials('reader'))
    assert not allows(policy, rule, credentials(project_id=PROJECT_B))
    assert allows(policy, rule, credentials('admin', project_id=PROJECT_B))


def test_override_of_nova_s_rule_governs_both_types(deployment, policy_of):
    """An operator's file goes on to mean what it meant."""
    deployment.write_policy({policies.BASE: 'role:console'})
    policy = policy_of()
    for rule in (policies.SERIAL, policies.SPICE):
        assert not allows(policy, rule)
        assert not allows(policy, rule, credentials('admin'))
        assert allows(policy, rule, credentials('console'))


def test_types_can_be_split(deployment, policy_of):
    """Serial for members, SPICE for administrators: one line more."""
    deployment.write_policy({policies.SPICE: 'rule:context_is_admin'})
    policy = policy_of()
    assert allows(policy, policies.SERIAL)
    assert not allows(policy, policies.SPICE)
    assert allows(policy, policies.SPICE, credentials('admin'))


def test_rule_about_the_owner(deployment, policy_of):
    """The target is the server, so its user is who owns it."""
    deployment.write_policy({policies.SERIAL: 'user_id:%(user_id)s'})
    policy = policy_of()
    assert allows(policy, policies.SERIAL, credentials('reader'))
    assert not allows(policy, policies.SERIAL, credentials(user_id='bob'))


def test_rule_about_nobody(deployment, policy_of):
    """A rule may refuse everyone."""
    deployment.write_policy({policies.BASE: DENY})
    assert not allows(policy_of(), policies.SERIAL, credentials('admin'))


def test_scope(policy_of):
    """A token for the whole system is not one for a project, whatever its roles."""
    system = credentials('admin,member', project_id=None, system_scope='all')
    assert not allows(policy_of(), policies.SERIAL, system)


def test_refusal_names_the_rule(policy_of):
    """Of all the rules that were looked at, the one that was asked for."""
    with pytest.raises(exceptions.NotAuthorized) as caught:
        policy_of().authorize(policies.SERIAL, TARGET, credentials('reader'))
    assert caught.value.rule == policies.SERIAL


def test_administrators(deployment, policy_of):
    """Whoever the file says is one."""
    policy = policy_of()
    assert policy.is_admin(credentials('admin'))
    assert not policy.is_admin(credentials('member'))
    deployment.write_policy({'context_is_admin': 'role:boss'})
    assert policy.is_admin(credentials('boss'))
    assert not policy.is_admin(credentials('admin'))


def test_known_rules(policy_of):
    """What is registered; a file may name more, and they are not."""
    policy = policy_of()
    assert policy.knows(policies.SERIAL)
    assert not policy.knows('os_compute_api:servers:delete')


def test_unknown_rule_is_an_error(policy_of):
    """A plugin's typing error must not pass for a refusal, nor for a permission."""
    with pytest.raises(oslo_policy.PolicyNotRegistered):
        policy_of().authorize('no:such', TARGET, credentials('admin'))


def test_two_rules_of_one_name(deployment):
    """Which default would be meant is nobody's guess."""
    twice = [oslo_policy.RuleDefault('a', '@'), oslo_policy.RuleDefault('a', '!')]
    with pytest.raises(exceptions.ConfigurationError, match=r'^policy: .*a'):
        Policy(deployment.conf(), twice)


def test_rule_of_a_base_rule_s_name(deployment):
    """Those of Nova are not an extension's to define."""
    rule = oslo_policy.RuleDefault('context_is_admin', '@')
    with pytest.raises(exceptions.ConfigurationError, match='context_is_admin'):
        Policy(deployment.conf(), [rule])


# The files.


UNUSABLE = ['- a', 'just text', 'a: 1', 'a: [b, 1]', '{', '\x00', 'a: [']


@pytest.mark.parametrize('text', UNUSABLE)
def test_unusable_file_at_the_start_is_one_line(deployment, text):
    """What is YAML but no rules is refused like what is no YAML."""
    deployment.policy_file.write_text(text)
    with pytest.raises(exceptions.ConfigurationError) as caught:
        Policy(deployment.conf())
    assert str(caught.value).startswith('policy file policy.yaml: ')
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('text', UNUSABLE)
def test_unusable_edit_keeps_the_last_good_rules(deployment, policy_of, caplog, text):
    """It is logged once, and the next good one counts."""
    deployment.write_policy({policies.SERIAL: 'role:console'})
    policy = policy_of()
    touch(deployment.policy_file, text)
    for _ in range(3):
        assert not allows(policy, policies.SERIAL)
        assert allows(policy, policies.SERIAL, credentials('console'))
    (record,) = [one for one in caplog.records if one.name == 'console_ext.policy']
    assert record.levelno == logging.ERROR
    assert '\n' not in record.getMessage()
    touch(deployment.policy_file, '{}')
    assert allows(policy, policies.SERIAL)


def test_edit_takes_effect(deployment, policy_of):
    """A file may appear, change and go."""
    policy = policy_of()
    assert allows(policy, policies.SERIAL)
    deployment.write_policy({policies.SERIAL: DENY})
    assert not allows(policy, policies.SERIAL)
    touch(deployment.policy_file, f'{policies.SERIAL}: "@"')
    assert allows(policy, policies.SERIAL, credentials('reader'))
    deployment.policy_file.unlink()
    assert not allows(policy, policies.SERIAL, credentials('reader'))
    assert allows(policy, policies.SERIAL)


def test_edit_of_the_same_size_takes_effect(deployment, policy_of):
    """The time of the file counts, to the nanosecond."""
    deployment.write_policy({policies.SERIAL: '@'})
    policy = policy_of()
    assert allows(policy, policies.SERIAL)
    touch(deployment.policy_file, deployment.policy_file.read_text().replace('@', '!'))
    assert not allows(policy, policies.SERIAL)


def test_edit_waits_for_the_interval(deployment, monkeypatch):
    """Files are not looked at for each check."""
    monkeypatch.setattr(Policy, 'CHECK_INTERVAL_S', 3600.0)
    policy = Policy(deployment.conf(), policies.list_rules())
    deployment.write_policy({policies.SERIAL: DENY})
    assert allows(policy, policies.SERIAL)


def test_interval_of_a_second():
    """README promises operators that much."""
    assert Policy.CHECK_INTERVAL_S == 1.0


def test_directories_of_rules(deployment, policy_of):
    """Files in ``policy_dirs`` come after the file, and each counts."""
    folder = deployment.path / 'policy.d'
    folder.mkdir()
    deployment.write_policy({policies.SERIAL: '@'})
    first = folder / '1.yaml'
    touch(first, f'{policies.SERIAL}: "!"')
    policy = policy_of(policy_dirs=folder)
    assert not allows(policy, policies.SERIAL)
    touch(folder / '2.yaml', f'{policies.SPICE}: "!"')
    assert not allows(policy, policies.SPICE)
    touch(first, '{}')
    assert allows(policy, policies.SERIAL)
    (folder / '2.yaml').unlink()
    assert allows(policy, policies.SPICE)


def test_directory_that_is_missing(deployment, policy_of):
    """The default one rarely exists, and may appear."""
    folder = deployment.path / 'policy.d'
    policy = policy_of(policy_dirs='policy.d')
    assert allows(policy, policies.SERIAL)
    folder.mkdir()
    touch(folder / 'a.yaml', f'{policies.SERIAL}: "!"')
    assert not allows(policy, policies.SERIAL)


def test_file_under_another_name(deployment, policy_of):
    """The option is oslo.policy's own."""
    (deployment.path / 'mine.yaml').write_text(f'{policies.SERIAL}: "!"')
    assert not allows(policy_of(policy_file='mine.yaml'), policies.SERIAL)


def test_enforcer_for_oslo_policy_s_tools(policy_of):
    """It is the one that decides."""
    assert policies.SERIAL in policy_of().enforcer.registered_rules


@pytest.mark.parametrize('rule', ['context_is_admin', policies.SERIAL])
def test_rule_that_refers_to_itself(deployment, policy_of, rule, caplog):
    """It would recurse at each check: the former rules stay."""
    policy = policy_of()
    deployment.write_policy({rule: f'rule:{rule}'})
    assert allows(policy, policies.SERIAL)
    assert 'The former policy rules stay in force' in caplog.text
    with pytest.raises(exceptions.ConfigurationError, match=r'policy file'):
        policy_of()


def test_rule_that_fails_when_it_is_checked(deployment, policy_of, caplog):
    """It refuses, and the log says which it was."""
    deployment.write_policy({policies.SERIAL: 'user_id:%(user_id'})
    policy = policy_of()
    assert not allows(policy, policies.SERIAL)
    assert allows(policy, policies.SPICE)
    assert f'Policy rule {policies.SERIAL} cannot be checked' in caplog.text


def test_problems(deployment, policy_of):
    """Names like ours that nothing asks for, and rules that are not there."""
    rules = [policies.SERIAL, policies.SPICE, policies.BASE]
    assert list(policy_of().problems(rules)) == []
    deployment.write_policy(
        {
            f'{policies.BASE}:vnc': '@',
            'of_nova': 'rule:of_nova_too',
            policies.SERIAL: 'role:x or (not rule:middle)',
            'middle': 'rule:gone and rule:middle_too',
            'middle_too': 'role:x',
        }
    )
    assert list(policy_of().problems(rules)) == [
        f'nothing asks for the rule {policies.BASE}:vnc',
        f'{policies.SERIAL} refuses, for there is no rule gone',
    ]
