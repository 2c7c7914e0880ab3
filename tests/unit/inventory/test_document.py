# SPDX-License-Identifier: Apache-2.0
"""Reading the inventory's YAML as a stream."""

import datetime

import pytest
import yaml

from console_ext.inventory import document
from console_ext.inventory.document import Document


def servers(text):
    return list(Document(text.encode()).servers())


def values(text):
    return [value for value, _ in servers(text)]


@pytest.mark.parametrize(
    'text',
    [
        'a: 1\nb: text\nc: true\nd: null\ne: ~\nf:\ng: 1.5\nh: 2020-01-02',
        "a: '1'\nb: \"true\"\nc: 'null'",
        'a: 0x10\nb: 010\nc: 1_000\nd: -5\ne: +5\nf: .inf',
        'a: [1, [2, x], {b: c}]',
        'a: {b: {c: {d: e}}}',
        'a: |\n  two\n  lines\nb: >\n  folded\n  text',
        'a: &x {b: 1}\nc: *x',
        'a: &x text\nb: [*x, *x]',
        'a: ж€😀',
        '"quoted key": 1',
        '2: a\ntrue: b',
    ],
)
def test_values_are_those_of_yaml(text):
    """A stream of events gives what loading the whole would give.

    But for keys, which are names here whatever they look like.
    """
    indented = '\n'.join(f'    {line}' for line in text.splitlines())
    whole = f'servers:\n  -\n{indented}\n'
    (expected,) = yaml.safe_load(whole)['servers']
    expected = {
        key if isinstance(key, str) else str(key).lower(): value
        for key, value in expected.items()
    }
    assert values(whole) == [expected]


def test_scalars_are_remembered_by_how_they_are_written():
    """A quoted number is a string, even if the same number also occurs unquoted."""
    assert values("servers: [1, '1', 1, \"1\", true, 'true']") == [
        1,
        '1',
        1,
        '1',
        True,
        'true',
    ]


def test_memory_of_scalars_has_a_bound():
    """Ids and names would otherwise fill it."""
    many = Document(f'servers: [{", ".join(map(str, range(5000)))}]'.encode())
    assert [value for value, _ in many.servers()] == list(range(5000))
    assert len(many._scalars) == 4096


def test_explicit_tag_is_a_text():
    """A tag never creates an object."""
    for tag in ('!!int', '!!python/name:os.system', '!mine'):
        assert values(f'servers: [{tag} "5"]') == ['5']


def test_lines():
    """The line of each part by its keys, counted from zero."""
    ((_, lines),) = servers('servers:\n  - a: 1\n    b:\n      - x\n      - {c: 2}\n')
    assert lines == {
        (): 1,
        ('a',): 1,
        ('b',): 3,
        ('b', '0'): 3,
        ('b', '1'): 4,
        ('b', '1', 'c'): 4,
    }


def test_servers_come_one_by_one():
    """The first server is returned before the last one is read."""
    stream = Document(b'servers:\n  - a: 1\n  - b: [').servers()
    assert next(stream)[0] == {'a': 1}
    with pytest.raises(yaml.MarkedYAMLError):
        next(stream)


def test_anchors():
    """Within a server and between servers, as PyYAML writes shared values."""
    assert values('servers:\n  - {a: &x 1, b: *x}') == [{'a': 1, 'b': 1}]
    assert values('servers:\n  - {a: &x {b: 1}}\n  - {a: *x}\n  - *x') == [
        {'a': {'b': 1}},
        {'a': {'b': 1}},
        {'b': 1},
    ]
    with pytest.raises(yaml.MarkedYAMLError, match='is not defined'):
        values('servers:\n  - {b: *x}')


def test_anchor_of_what_is_not_finished():
    """A value cannot contain itself."""
    with pytest.raises(yaml.MarkedYAMLError, match='is not defined'):
        values('servers:\n  - &x {a: *x}')


@pytest.mark.parametrize(('opening', 'closing'), ['[]', ('{a: ', '}')])
def test_depth(opening, closing):
    """Eight levels below the server are allowed."""
    depth = document.Document.MAX_DEPTH
    assert values(f'servers: [{opening * depth}x{closing * depth}]')
    deeper = depth + 1
    with pytest.raises(yaml.MarkedYAMLError, match='nested too deeply'):
        values(f'servers: [{opening * deeper}x{closing * deeper}]')


def test_bomb():
    """Aliases share their value instead of copying it."""
    levels = ', '.join(
        f'l{n}: &l{n} [{", ".join([f"*l{n - 1}"] * 9)}]' for n in range(1, 8)
    )
    ((value, lines),) = servers(f'servers: [{{l0: &l0 [x], {levels}}}]')
    assert value['l7'][0] is value['l7'][8]
    assert len(lines) < 100


@pytest.mark.parametrize('date', ['2020-01-02', '2020-01-02 03:04:05'])
def test_dates(date):
    """YAML's dates are accepted here; the schema refuses them by type."""
    (value,) = values(f'servers: [{date}]')
    assert isinstance(value, datetime.date)
