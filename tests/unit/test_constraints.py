# SPDX-License-Identifier: Apache-2.0
"""constraints.txt has an upper bound for every required package."""

import configparser
from pathlib import Path

import pytest
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]


def requirements(text):
    """Return the requirements in a list; options of pip and the project are skipped."""
    for line in text.splitlines():
        words = line.partition('#')[0].strip()
        if words and not words.startswith(('-', '{')):
            one = Requirement(words)
            if one.name != 'console-ext':
                yield one


def read(name):
    parser = configparser.RawConfigParser()
    parser.read(ROOT / name)
    return parser


def named():
    """Return all requirements in setup.cfg, tox.ini and the tests with Nova."""
    setup, tox = read('setup.cfg'), read('tox.ini')
    yield from requirements(setup['options']['install_requires'])
    for text in setup['options.extras_require'].values():
        yield from requirements(text)
    for section in tox.sections():
        yield from requirements(tox[section].get('deps', ''))
    nova = ROOT / 'tests' / 'integration' / 'nova' / 'requirements.txt'
    yield from requirements(nova.read_text())


NAMED = list(named())
CONSTRAINTS = list(requirements((ROOT / 'constraints.txt').read_text()))
BY_NAME = {canonicalize_name(one.name): one for one in CONSTRAINTS}


def test_requirements_are_found():
    """The tests below would also pass if nothing was found."""
    assert {'WebOb', 'websockets', 'ruff', 'nova'} <= {one.name for one in NAMED}
    with pytest.raises(InvalidRequirement):
        list(requirements('web ob'))


@pytest.mark.parametrize('needed', NAMED, ids=str)
def test_requirement_is_constrained(needed):
    """The lowest version that it allows is within the upper bound.

    If it has an upper bound itself, that is the same.
    """
    bound = BY_NAME[canonicalize_name(needed.name)].specifier
    for one in needed.specifier:
        assert one.operator in {'>=', '==', '<'}
        if one.operator == '<':
            assert one in set(bound)
        else:
            assert bound.contains(one.version)


@pytest.mark.parametrize('name', ['waitress', 'websockets'])
def test_what_private_parts_are_used_of_has_an_upper_bound(name):
    """See test_private_parts.py."""
    needed = [one for one in NAMED if one.name == name]
    assert needed
    for one in needed:
        assert '<' in {each.operator for each in one.specifier}


@pytest.mark.parametrize('constraint', CONSTRAINTS, ids=str)
def test_constraint_is_an_upper_bound(constraint):
    (one,) = constraint.specifier
    assert one.operator == '<'
    assert canonicalize_name(constraint.name) in {
        canonicalize_name(needed.name) for needed in NAMED
    }


def test_one_line_a_package():
    names = [one.name for one in CONSTRAINTS]
    assert names == sorted(set(names), key=str.lower)


def test_every_environment_of_tox_is_constrained():
    tox = read('tox.ini')
    constrained = 'PIP_CONSTRAINT = {tox_root}/constraints.txt'
    for section in tox.sections():
        if section == 'testenv':
            assert constrained in tox[section]['set_env'].splitlines()
        elif section.startswith('testenv'):
            # It would replace the common constraints.
            assert 'set_env' not in tox[section]
            assert 'setenv' not in tox[section]
