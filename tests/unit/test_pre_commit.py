# SPDX-License-Identifier: Apache-2.0
"""The hooks that run before a commit."""

import configparser
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CONFIG = yaml.safe_load((ROOT / '.pre-commit-config.yaml').read_text())
HOOKS = [hook for repository in CONFIG['repos'] for hook in repository['hooks']]


@pytest.fixture(scope='module')
def tox():
    parser = configparser.RawConfigParser()
    parser.read(ROOT / 'tox.ini')
    return parser


def test_no_hook_is_fetched_from_a_repository():
    """A package index is enough to install the hooks."""
    assert {repository['repo'] for repository in CONFIG['repos']} == {'local'}


@pytest.mark.parametrize('hook', HOOKS, ids=lambda hook: hook['id'])
def test_hook_is_what_tox_runs(hook, tox):
    """The same command with the same version."""
    environments = [
        tox[section]
        for section in tox.sections()
        if hook['entry'] in tox[section].get('commands', '').splitlines()
    ]
    assert environments
    (needed,) = hook['additional_dependencies']
    sources = [environments[0].get('deps', ''), (ROOT / 'setup.cfg').read_text()]
    assert needed in {line.strip() for text in sources for line in text.splitlines()}


def test_every_hook_is_there():
    assert [hook['id'] for hook in HOOKS] == [
        'ruff-check',
        'ruff-format',
        'reno-lint',
        'sphinx-lint',
        'web',
    ]
