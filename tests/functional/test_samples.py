# SPDX-License-Identifier: Apache-2.0
"""The samples in etc/, and oslo's tools for them."""

from __future__ import annotations

import json

import pytest
import yaml

from tests.parts.deployment import ETC, PROJECT_A
from tests.parts.programs import run

RULE = 'os_compute_api:os-remote-consoles'


@pytest.mark.parametrize(
    ('tool', 'config', 'sample', 'how'),
    [
        (
            'oslo-config-generator',
            'config-generator.conf',
            'console_ext.conf.sample',
            'tox -e genconfig',
        ),
        (
            'oslopolicy-sample-generator',
            'policy-generator.conf',
            'policy.yaml.sample',
            'tox -e genpolicy',
        ),
    ],
)
def test_samples_have_not_drifted(tmp_path, tool, config, sample, how):
    """Each sample is what its generator writes now."""
    written = tmp_path / sample
    run(tool, '--config-file', str(ETC / config), '--output-file', str(written))
    assert written.read_text() == (ETC / sample).read_text(), f'run {how}'


def effective_policy(deployment) -> dict[str, str]:
    return yaml.safe_load(
        run(
            'oslopolicy-policy-generator',
            '--namespace',
            'console_ext',
            CONSOLE_EXT_CONFIG_FILES=str(deployment.config_file),
        )
    )


def test_policy_generator_shows_what_is_in_force(deployment):
    """The rules of the policy file, and the defaults of the others."""
    deployment.write_policy({f'{RULE}:spice': 'rule:context_is_admin'})
    rules = effective_policy(deployment)
    assert rules[f'{RULE}:spice'] == 'rule:context_is_admin'
    assert rules[f'{RULE}:serial'] == f'rule:{RULE}'
    assert rules[RULE] == 'rule:project_member_or_admin'


@pytest.mark.parametrize(
    ('roles', 'passed'),
    [
        (['member', 'reader'], {'serial'}),
        (['reader'], set()),
        (['admin', 'member', 'reader'], {'serial', 'spice'}),
    ],
)
def test_policy_checker_agrees(deployment, tmp_path, roles, passed):
    """oslopolicy-checker gives the same result for a token as the API."""
    deployment.write_policy({f'{RULE}:spice': 'rule:context_is_admin'})
    policy_file = tmp_path / 'effective.yaml'
    policy_file.write_text(yaml.safe_dump(effective_policy(deployment)))
    access = tmp_path / 'token.json'
    token = {
        'user': {'id': 'alice'},
        'project': {'id': PROJECT_A},
        'roles': [{'name': role} for role in roles],
    }
    access.write_text(json.dumps({'token': token}))
    for console in ('serial', 'spice'):
        out = run(
            'oslopolicy-checker',
            *('--policy', str(policy_file), '--access', str(access)),
            *('--rule', f'{RULE}:{console}'),
        )
        verdict = 'passed' if console in passed else 'failed'
        assert out.strip() == f'{verdict}: {RULE}:{console}'
