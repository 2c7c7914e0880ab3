# SPDX-License-Identifier: Apache-2.0
"""Access control by policy rules."""

import logging
import time

import pytest
from oslo_policy import policy as oslo_policy

from console_ext import consoles, exceptions
from console_ext.api.policies import remote_consoles as policies
from console_ext.policy import Policy
from console_ext.policy.files import PolicyFiles
from tests.parts.deployment import PROJECT_B
from tests.unit.policy.checks import TARGET, allows, credentials, touch

SERIAL = policies.rule_of(consoles.SERIAL)
SPICE = policies.rule_of(consoles.SPICE_HTML5)
DENY = '!'


# The rules.


@pytest.mark.parametrize('rule', [policies.BASE, SERIAL, SPICE])
def test_consoles_are_for_members_and_administrators(policy_of, rule):
    """The rule of each type defaults to Nova's rule."""
    policy = policy_of()
    assert allows(policy, rule)
    assert not allows(policy, rule, credentials('reader'))
    assert not allows(policy, rule, credentials(project_id=PROJECT_B))
    assert allows(policy, rule, credentials('admin', project_id=PROJECT_B))


def test_override_of_nova_s_rule_governs_both_types(deployment, policy_of):
    """An operator's existing file keeps its effect."""
    deployment.write_policy({policies.BASE: 'role:console'})
    policy = policy_of()
    for rule in (SERIAL, SPICE):
        assert not allows(policy, rule)
        assert not allows(policy, rule, credentials('admin'))
        assert allows(policy, rule, credentials('console'))


def test_types_can_be_split(deployment, policy_of):
    """One more line allows SPICE for administrators only."""
    deployment.write_policy({SPICE: 'rule:context_is_admin'})
    policy = policy_of()
    assert allows(policy, SERIAL)
    assert not allows(policy, SPICE)
    assert allows(policy, SPICE, credentials('admin'))


def test_rule_about_the_owner(deployment, policy_of):
    """The target is the server, so its user is the owner."""
    deployment.write_policy({SERIAL: 'user_id:%(user_id)s'})
    policy = policy_of()
    assert allows(policy, SERIAL, credentials('reader'))
    assert not allows(policy, SERIAL, credentials(user_id='bob'))


def test_rule_about_nobody(deployment, policy_of):
    """A rule can refuse everyone."""
    deployment.write_policy({policies.BASE: DENY})
    assert not allows(policy_of(), SERIAL, credentials('admin'))


def test_scope(policy_of):
    """A system-scoped token is not accepted for a project, whatever its roles are."""
    system = credentials('admin,member', project_id=None, system_scope='all')
    assert not allows(policy_of(), SERIAL, system)


def test_refusal_names_the_rule(policy_of):
    """The error names the rule that was checked, not a rule that it refers to."""
    with pytest.raises(exceptions.NotAuthorized) as caught:
        policy_of().authorize(SERIAL, TARGET, credentials('reader'))
    assert caught.value.rule == SERIAL


def test_administrators(deployment, policy_of):
    """The file decides who is an administrator."""
    policy = policy_of()
    assert policy.is_admin(credentials('admin'))
    assert not policy.is_admin(credentials('member'))
    deployment.write_policy({'context_is_admin': 'role:boss'})
    assert policy.is_admin(credentials('boss'))
    assert not policy.is_admin(credentials('admin'))


def test_known_rules(policy_of):
    """A rule counts as known if it is registered, not if it is only in the file."""
    policy = policy_of()
    assert policy.knows(SERIAL)
    assert not policy.knows('os_compute_api:servers:delete')


def test_unknown_rule_is_an_error(policy_of):
    """A plugin's typing error is neither a refusal nor a permission."""
    with pytest.raises(oslo_policy.PolicyNotRegistered):
        policy_of().authorize('no:such', TARGET, credentials('admin'))


def test_two_rules_of_one_name(deployment):
    """It would be ambiguous which default applies."""
    twice = [oslo_policy.RuleDefault('a', '@'), oslo_policy.RuleDefault('a', '!')]
    with pytest.raises(exceptions.ConfigurationError, match=r'^policy: .*a'):
        Policy(deployment.conf(), twice)


def test_rule_of_a_base_rule_s_name(deployment):
    """An extension cannot redefine Nova's base rules."""
    rule = oslo_policy.RuleDefault('context_is_admin', '@')
    with pytest.raises(exceptions.ConfigurationError, match='context_is_admin'):
        Policy(deployment.conf(), [rule])


# The files.


UNUSABLE = [
    *('- a', 'just text', 'a: 1', 'a: [b, 1]', '{', '\x00', 'a: [', 'a:', '1: "@"'),
    # oslo.policy would treat these as "!", and half of them would allow everyone.
    *('a: role:admin andd role:x', 'a: not member', 'a: role:x or admin', 'a: "(@"'),
    *('a: not (role:x)) and @', 'a: [[not-a-check], [role:x]]', 'a: "a:(!)"'),
]


@pytest.mark.parametrize('text', UNUSABLE)
def test_unusable_file_at_the_start_is_one_line(deployment, text):
    """YAML without rules is refused like invalid YAML."""
    deployment.policy_file.write_text(text)
    with pytest.raises(exceptions.ConfigurationError) as caught:
        Policy(deployment.conf())
    start = f'policy file {deployment.policy_file}: '
    assert str(caught.value).startswith(start)
    assert '\n' not in str(caught.value)


@pytest.mark.parametrize('text', UNUSABLE)
def test_unusable_edit_keeps_the_last_good_rules(deployment, policy_of, caplog, text):
    """The error is logged once, and the next valid edit takes effect."""
    deployment.write_policy({SERIAL: 'role:console'})
    policy = policy_of()
    touch(deployment.policy_file, text)
    for _ in range(3):
        assert not allows(policy, SERIAL)
        assert allows(policy, SERIAL, credentials('console'))
    (record,) = [one for one in caplog.records if one.name == 'console_ext.policy']
    assert record.levelno == logging.ERROR
    assert str(deployment.policy_file) in record.getMessage()
    assert '\n' not in record.getMessage()
    touch(deployment.policy_file, '{}')
    assert allows(policy, SERIAL)


def test_edit_takes_effect(deployment, policy_of):
    """A file may appear and change; to remove its rules, empty it explicitly."""
    policy = policy_of()
    assert allows(policy, SERIAL)
    deployment.write_policy({SERIAL: DENY})
    assert not allows(policy, SERIAL)
    touch(deployment.policy_file, f'{SERIAL}: "@"')
    assert allows(policy, SERIAL, credentials('reader'))
    touch(deployment.policy_file, '{}')
    assert not allows(policy, SERIAL, credentials('reader'))
    assert allows(policy, SERIAL)


GONE = {
    'deleted': lambda path: path.unlink(),
    'emptied': lambda path: touch(path, ''),
    'only comments': lambda path: touch(path, '# Rules of the compute API.\n'),
    'not UTF-8': lambda path: path.write_bytes(b'\xff\xfe'),
    'a directory': lambda path: (path.unlink(), path.mkdir()),
    'a broken link': lambda path: (path.unlink(), path.symlink_to('absent')),
}


@pytest.mark.parametrize('go', GONE.values(), ids=GONE)
@pytest.mark.parametrize('where', ['policy.yaml', 'policy.d/1.yaml'])
def test_rules_that_go_stay_in_force(deployment, policy_of, caplog, go, where):
    """Refusals stay in force, and the log says so once, until the rules are back."""
    path = deployment.path / where
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'{SERIAL}: role:console\n')
    policy = policy_of()
    go(path)
    for _ in range(5):
        assert not allows(policy, SERIAL)
        assert allows(policy, SERIAL, credentials('console'))
    (record,) = [one for one in caplog.records if one.name == 'console_ext.policy']
    assert record.levelno == logging.ERROR
    assert str(path) in record.getMessage()
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    touch(path, f'{SERIAL}: role:boss\n')
    for _ in range(2):
        allows(policy, SERIAL)
    assert not allows(policy, SERIAL, credentials('console'))
    assert allows(policy, SERIAL, credentials('boss'))


def test_one_file_that_goes_keeps_the_others(deployment, policy_of):
    """The rules always come from one consistent set of files."""
    folder = deployment.path / 'policy.d'
    folder.mkdir()
    deployment.write_policy({SERIAL: DENY})
    policy = policy_of()
    deployment.policy_file.unlink()
    touch(folder / '1.yaml', f'{SPICE}: "!"')
    for _ in range(3):
        assert not allows(policy, SERIAL)
        assert allows(policy, SPICE)
    deployment.write_policy({SERIAL: DENY})
    for _ in range(2):
        allows(policy, SPICE)
    assert not allows(policy, SPICE)


def test_file_that_changes_while_it_is_read(deployment, policy_of, monkeypatch):
    """Such a partial content is not used."""
    deployment.write_policy({SERIAL: DENY})
    policy = policy_of()
    read = PolicyFiles.read
    texts = iter([f'{SPICE}: "!"\n{SERIAL}: "!"\n'])

    def read_and_change(files):
        found = read(files)
        for text in texts:
            touch(deployment.policy_file, text)
        return found

    monkeypatch.setattr(PolicyFiles, 'read', read_and_change)
    touch(deployment.policy_file, f'{SPICE}: "!"\n')
    assert not allows(policy, SERIAL)
    assert not allows(policy, SERIAL)
    assert not allows(policy, SPICE)


@pytest.mark.parametrize(
    ('text', 'says'), [(None, 'there is no such file'), (' \n', 'it is empty')]
)
def test_configured_file_has_to_be_there(deployment, policy_of, text, says):
    """An operator who names a file does not want the defaults."""
    path = deployment.path / 'mine.yaml'
    if text is not None:
        path.write_text(text)
    with pytest.raises(exceptions.ConfigurationError, match=rf'mine\.yaml: {says}'):
        policy_of(policy_file='mine.yaml')
    path.write_text('{}')
    assert allows(policy_of(policy_file='mine.yaml'), SERIAL)


def test_configured_directory_has_to_be_there(deployment, policy_of):
    """The directory may be empty, but its files may not."""
    folder = deployment.path / 'mine.d'
    with pytest.raises(exceptions.ConfigurationError, match=r'mine\.d: there is no'):
        policy_of(policy_dirs='mine.d')
    folder.mkdir()
    assert allows(policy_of(policy_dirs='mine.d'), SERIAL)
    (folder / '1.yaml').touch()
    with pytest.raises(exceptions.ConfigurationError, match=r'1\.yaml: it is empty'):
        policy_of(policy_dirs='mine.d')


def test_edit_of_the_same_size_takes_effect(deployment, policy_of):
    """The modification time counts, in nanoseconds."""
    deployment.write_policy({SERIAL: '@'})
    policy = policy_of()
    assert allows(policy, SERIAL)
    touch(deployment.policy_file, deployment.policy_file.read_text().replace('@', '!'))
    assert not allows(policy, SERIAL)


def test_edit_is_taken_when_it_has_settled(deployment, monkeypatch):
    """While a file is being written, it is not used, however often it is checked."""
    now, here = [1000.0], time.time()
    monkeypatch.setattr('time.monotonic', lambda: now[0])
    monkeypatch.setattr('time.time', lambda: here)
    deployment.write_policy({SERIAL: DENY, SPICE: DENY})
    policy = Policy(deployment.conf(), policies.list_rules())
    # The first half of a file, which is valid YAML.
    deployment.write_policy({SPICE: DENY})
    now[0] += 1.5
    assert not allows(policy, SERIAL)
    deployment.write_policy({SERIAL: DENY, SPICE: '@'})
    now[0] += 1.5
    assert not allows(policy, SPICE)
    now[0] += 1.5
    assert not allows(policy, SERIAL)
    assert allows(policy, SPICE)


def test_edit_waits_for_the_interval(deployment, monkeypatch):
    """Files are not checked for each request."""
    monkeypatch.setattr(Policy, 'CHECK_INTERVAL_S', 3600.0)
    policy = Policy(deployment.conf(), policies.list_rules())
    deployment.write_policy({SERIAL: DENY})
    assert allows(policy, SERIAL)


def test_interval_of_a_second():
    """The documentation tells operators to wait for two intervals."""
    assert Policy.CHECK_INTERVAL_S == 1.0


def test_directories_of_rules(deployment, policy_of):
    """All files in ``policy_dirs`` count, after the main file."""
    folder = deployment.path / 'policy.d'
    folder.mkdir()
    deployment.write_policy({SERIAL: '@'})
    first = folder / '1.yaml'
    touch(first, f'{SERIAL}: "!"')
    policy = policy_of(policy_dirs=folder)
    assert not allows(policy, SERIAL)
    touch(folder / '2.yaml', f'{SPICE}: "!"')
    assert not allows(policy, SPICE)
    touch(first, '{}')
    assert allows(policy, SERIAL)
    touch(folder / '2.yaml', '{}')
    assert allows(policy, SPICE)


def test_directory_that_is_missing(deployment, policy_of):
    """The default directory rarely exists, and may be created later."""
    folder = deployment.path / 'policy.d'
    policy = policy_of()
    assert allows(policy, SERIAL)
    folder.mkdir()
    touch(folder / 'a.yaml', f'{SERIAL}: "!"')
    assert not allows(policy, SERIAL)


def test_file_under_another_name(deployment, policy_of):
    """oslo.policy's option sets the name."""
    (deployment.path / 'mine.yaml').write_text(f'{SERIAL}: "!"')
    assert not allows(policy_of(policy_file='mine.yaml'), SERIAL)


def test_enforcer_for_oslo_policy_s_tools(policy_of):
    """The tools use the same enforcer as requests."""
    assert SERIAL in policy_of().enforcer.registered_rules


@pytest.mark.parametrize('rule', ['context_is_admin', SERIAL])
def test_rule_that_refers_to_itself(deployment, policy_of, rule, caplog):
    """It would recurse endlessly, so the previous rules stay in force."""
    policy = policy_of()
    deployment.write_policy({rule: f'rule:{rule}'})
    assert allows(policy, SERIAL)
    assert 'The previous policy rules stay in force' in caplog.text
    with pytest.raises(exceptions.ConfigurationError, match=r'policy file'):
        policy_of()


def test_rule_that_fails_when_it_is_checked(deployment, policy_of, caplog):
    """The rule refuses, and the log names it."""
    deployment.write_policy({SERIAL: 'user_id:%(user_id'})
    policy = policy_of()
    assert not allows(policy, SERIAL)
    assert allows(policy, SPICE)
    assert f'the policy rule {SERIAL} cannot be evaluated' in caplog.text


def test_problems(deployment, policy_of):
    """Rules that nothing checks, and references to undefined rules."""
    rules = [SERIAL, SPICE, policies.BASE]
    assert list(policy_of().problems(rules)) == []
    deployment.write_policy(
        {
            f'{policies.BASE}:vnc': '@',
            'of_nova': 'rule:of_nova_too',
            SERIAL: 'role:x or (not rule:middle)',
            'middle': 'rule:gone and rule:middle_too',
            'middle_too': 'role:x',
        }
    )
    assert list(policy_of().problems(rules)) == [
        f'{policies.BASE}:vnc has no effect: no operation checks a rule of this name',
        f'{SERIAL} denies everyone: it refers to the undefined rule gone',
    ]
