# SPDX-License-Identifier: Apache-2.0
"""Who may open a console."""

from console_ext import consoles
from console_ext.api import policies


def test_rules():
    """Nova's rule with Nova's default, and one for each type that follows it."""
    assert {
        rule.name: (rule.check_str, rule.scope_types) for rule in policies.list_rules()
    } == {
        'os_compute_api:os-remote-consoles': (
            'rule:project_member_or_admin',
            ['project'],
        ),
        'os_compute_api:os-remote-consoles:serial': (
            'rule:os_compute_api:os-remote-consoles',
            ['project'],
        ),
        'os_compute_api:os-remote-consoles:spice': (
            'rule:os_compute_api:os-remote-consoles',
            ['project'],
        ),
        'os_compute_api:os-remote-consoles:vnc': (
            'rule:os_compute_api:os-remote-consoles',
            ['project'],
        ),
    }


def test_documentation():
    """Which operations a rule is about, for the sample that operators read."""
    path = '/servers/{server_id}/action'
    serial = {'method': 'POST', 'path': f'{path} (os-getSerialConsole)'}
    spice = {'method': 'POST', 'path': f'{path} (os-getSPICEConsole)'}
    vnc = {'method': 'POST', 'path': f'{path} (os-getVNCConsole)'}
    rules = {rule.name: rule for rule in policies.list_rules()}
    assert rules[policies.BASE].operations == [serial, spice, vnc]
    assert rules[policies.rule_of(consoles.SERIAL)].operations == [serial]
    assert rules[policies.rule_of(consoles.SPICE_HTML5)].operations == [spice]
    assert all(rule.description for rule in rules.values())
