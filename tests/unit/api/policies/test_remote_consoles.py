# SPDX-License-Identifier: Apache-2.0
"""The policy rules for opening consoles."""

import pytest

from console_ext import consoles
from console_ext.api.policies import remote_consoles as policies

BASE = 'os_compute_api:os-remote-consoles'


def test_rules():
    """Nova's rule with its default, and a rule for each type that defaults to it."""
    assert {
        rule.name: (rule.check_str, rule.scope_types) for rule in policies.list_rules()
    } == {
        BASE: ('rule:project_member_or_admin', ['project']),
        f'{BASE}:serial': (f'rule:{BASE}', ['project']),
        f'{BASE}:spice': (f'rule:{BASE}', ['project']),
        f'{BASE}:spice-direct': (f'rule:{BASE}', ['project']),
        f'{BASE}:vnc': (f'rule:{BASE}', ['project']),
    }


def post(path):
    return {'method': 'POST', 'path': f'/servers/{{server_id}}/{path}'}


def test_documentation():
    """The sample for operators names the operations of each rule."""
    noun = 'remote-consoles'
    rules = {rule.name: rule for rule in policies.list_rules()}
    assert rules[BASE].operations == [
        post(noun),
        post('action (os-getSerialConsole)'),
        post('action (os-getSPICEConsole)'),
        post('action (os-getVNCConsole)'),
    ]
    assert {
        name.removeprefix(f'{BASE}:'): rule.operations
        for name, rule in rules.items()
        if name != BASE
    } == {
        'serial': [
            post(f'{noun} (serial, serial)'),
            post('action (os-getSerialConsole)'),
        ],
        'spice': [
            post(f'{noun} (spice, spice-html5)'),
            post('action (os-getSPICEConsole)'),
        ],
        'spice-direct': [post(f'{noun} (spice, spice-direct)')],
        'vnc': [post(f'{noun} (vnc, novnc)'), post('action (os-getVNCConsole)')],
    }
    assert all(rule.description for rule in rules.values())


@pytest.mark.parametrize('one', consoles.TYPES, ids=lambda one: one.type)
def test_rule_of_a_body(one):
    """The rule is that of the requested type."""
    body = {'remote_console': {'protocol': one.protocol, 'type': one.type}}
    assert policies.rule_of_body(body) == policies.rule_of(one)
    assert policies.rule_of_body(body) in policies.ALL


@pytest.mark.parametrize(
    ('protocol', 'name'),
    [('serial', 'novnc'), ('vnc', 'xvpvnc'), ('mks', 'webmks'), ('rdp', 'rdp-html5')],
)
def test_rule_of_an_unknown_type(protocol, name):
    """Nova's rule applies to unknown types."""
    body = {'remote_console': {'protocol': protocol, 'type': name}}
    assert policies.rule_of_body(body) == BASE
