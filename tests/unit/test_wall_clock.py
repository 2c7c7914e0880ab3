# SPDX-License-Identifier: Apache-2.0
"""Tests with an upper limit of time are marked, and few: a busy machine is slow."""

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
MARK = 'pytest.mark.wall_clock'

# Raise it only if a test cannot wait for an event instead.
MOST = 11


def is_time(node, names=frozenset()):
    """Whether an expression is the time since a moment.

    :param names: of variables that are such a time
    """
    return any(
        (
            isinstance(one, ast.BinOp)
            and isinstance(one.op, ast.Sub)
            and ast.unparse(one.left) in ('time.monotonic()', 'time.perf_counter()')
        )
        or (isinstance(one, ast.Name) and one.id in names)
        for one in ast.walk(node)
    )


def has_limit(function):
    """Whether a test asserts that something takes less than a time."""
    nodes = list(ast.walk(function))
    names = {
        ast.unparse(target)
        for node in nodes
        if isinstance(node, ast.Assign) and is_time(node.value)
        for target in node.targets
    }
    pairs = [
        (left, operator, right)
        for statement in nodes
        if isinstance(statement, ast.Assert)
        for node in ast.walk(statement.test)
        if isinstance(node, ast.Compare)
        for left, operator, right in zip(
            [node.left, *node.comparators], node.ops, node.comparators, strict=False
        )
    ]
    return any(
        (isinstance(operator, (ast.Lt, ast.LtE)) and is_time(left, names))
        or (isinstance(operator, (ast.Gt, ast.GtE)) and is_time(right, names))
        for left, operator, right in pairs
    )


def with_limit():
    """Return the decorators of each test that has a limit, by its name."""
    return {
        f'{path.relative_to(TESTS)}::{node.name}': [
            ast.unparse(one) for one in node.decorator_list
        ]
        for path in TESTS.rglob('test_*.py')
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith('test_')
        and has_limit(node)
    }


def test_limits_are_found():
    """The comparison may have either form, or a variable."""
    for body, limited in (
        ('assert time.monotonic() - started < 5', True),
        ('assert 1 <= time.perf_counter() - started <= LIMIT', True),
        ('took = time.monotonic() - started\n assert 5 > took', True),
        ('assert time.monotonic() - started >= 0.5', False),
        ('assert size < 5', False),
    ):
        (function,) = ast.parse(f'def test_it():\n {body}\n').body
        assert has_limit(function) is limited, body


def test_tests_with_a_limit_are_marked_and_few():
    found = with_limit()
    assert [name for name, marks in found.items() if MARK not in marks] == []
    assert 0 < len(found) <= MOST
