# SPDX-License-Identifier: Apache-2.0
"""The escape key is found in any encoding, and all other input is passed on."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console_ext.client.keys import EscapeKey, InvalidKey, Scanner, Typed

KEY = EscapeKey.parse('^]')


def type_all(chunks, key=KEY):
    """Return what the guest receives, whether the client detaches, and the scanner."""
    scanner = Scanner(key)
    data = b''
    for chunk in chunks:
        typed = scanner.feed(chunk)
        data += typed.data
        if typed.left:
            return data, True, scanner
    return data, False, scanner


@pytest.mark.parametrize(
    ('text', 'name', 'byte'),
    [
        ('^]', '^]', b'\x1d'),
        ('^a', '^A', b'\x01'),
        ('^@', '^@', b'\0'),
        ('^?', '^?', b'\x7f'),
        ('^\\', '^\\', b'\x1c'),
    ],
)
def test_names_of_keys(text, name, byte):
    assert EscapeKey.parse(text) == EscapeKey(name, byte)


def test_no_key():
    """Without an escape key, every byte goes to the guest."""
    assert EscapeKey.parse('none') is None
    scanner = Scanner(None)
    assert scanner.feed(b'a\x1d\x1db') == Typed(b'a\x1d\x1db')
    assert not scanner.pending


@pytest.mark.parametrize('text', ['', ']', '^', '^]]', '^1', 'NONE', '^é', '^ '])
def test_no_name_of_a_key(text):
    with pytest.raises(InvalidKey, match='neither a key such as'):
        EscapeKey.parse(text)


@pytest.mark.parametrize('text', ['^[', '^m', '^M'])
def test_keys_with_another_use(text):
    with pytest.raises(InvalidKey, match='cannot be the escape key'):
        EscapeKey.parse(text)


def test_once_waits_for_a_second():
    data, left, scanner = type_all([b'ls\r', b'\x1d'])
    assert (data, left, scanner.pending) == (b'ls\r', False, True)


@pytest.mark.parametrize('chunks', [[b'\x1d\x1d'], [b'\x1d', b'\x1d']])
def test_twice_sends_one(chunks):
    data, left, scanner = type_all(chunks)
    assert (data, left, scanner.pending) == (b'\x1d', False, False)


@pytest.mark.parametrize(
    ('chunks', 'sent'),
    [
        ([b'abc\x1ddef'], b'abc'),
        ([b'abc\x1d', b'def'], b'abc'),
        ([b'\x1d\x1d\x1dx'], b'\x1d'),
        ([b'a\x1d\x1db\x1d', b'\x1b[A'], b'a\x1db'),
        ([b'\x1d\x1b[200~x\x1b[201~'], b''),
    ],
)
def test_leaves_inside_a_chunk(chunks, sent):
    """Nothing that was typed or pasted after the escape key reaches the guest."""
    assert type_all(chunks)[:2] == (sent, True)


def test_a_bracketed_paste_is_text():
    """The escape key inside a bracketed paste is text."""
    paste = b'\x1b[200~a\x1db\x1b[201~'
    data, left, scanner = type_all([paste])
    assert (data, left, scanner.pending) == (paste, False, False)
    assert scanner.feed(b'\x1dx') == Typed(b'', left=True)


@given(st.integers(1, 30), st.integers(1, 30))
def test_a_bracketed_paste_in_pieces(first, second):
    paste = b'ls\r\x1b[200~one\x1dtwo\x1b[201~\r'
    cut = sorted({first, second, len(paste)})
    chunks = [paste[a:b] for a, b in zip([0, *cut], cut, strict=False)]
    if b'\x1d' not in chunks:
        assert type_all(chunks)[:2] == (paste, False)


def test_a_paste_without_an_end_locks_nobody_in():
    """A chunk that consists only of the key is the key, even within a paste."""
    _, left, scanner = type_all([b'\x1b[200~never ended', b'\x1d'])
    assert not left
    assert scanner.pending


@pytest.mark.parametrize(
    'pressed',
    [
        b'\x1b[93;5u',
        b'\x1b[93;5:1u',
        b'\x1b[93;69u',  # with Caps Lock
        b'\x1b[93;133u',  # with Num Lock
        b'\x1b[93::93;5u',
        b'\x1b[27;5;93~',
    ],
)
def test_other_encodings_of_the_key(pressed):
    """Encodings of kitty and xterm, which a program in the guest may enable."""
    data, left, scanner = type_all([b'a' + pressed])
    assert (data, left, scanner.pending) == (b'a', False, True)
    assert scanner.feed(pressed) == Typed(b'\x1d')


@pytest.mark.parametrize(
    'other',
    [
        b'\x1b[93;1u',  # without Control
        b'\x1b[93;6u',  # with Shift, too
        b'\x1b[93;5:3u',  # the release
        b'\x1b[94;5u',
        b'\x1b[27;1;93~',
        b'\x1b[93;99999999999999999999u',
        b'\x1b[A',
    ],
)
def test_other_keys(other):
    data, left, scanner = type_all([b'a' + other + b'b'])
    assert (data, left, scanner.pending) == (b'a' + other + b'b', False, False)


@given(st.lists(st.binary(max_size=12)))
def test_without_the_key_all_arrives(chunks):
    chunks = [one.replace(b'\x1d', b'') for one in chunks]
    if b'\x1b[' not in b''.join(chunks):
        assert type_all(chunks)[:2] == (b''.join(chunks), False)


@given(st.lists(st.sampled_from([b'a', b'\x1d', b'bc']), max_size=20), st.data())
def test_chunks_make_no_difference(parts, data):
    """The result does not depend on how the input is split."""
    whole = b''.join(parts)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(whole)))) | {0, len(whole)})
    chunks = [whole[a:b] for a, b in itertools.pairwise(cuts)]
    one = type_all([whole])
    several = type_all(chunks)
    assert (one[:2], one[2].pending) == (several[:2], several[2].pending)
