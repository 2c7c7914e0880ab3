# SPDX-License-Identifier: Apache-2.0
"""The command-line arguments of both programs."""

import argparse
import math

import pytest

from console_ext.client import commands
from console_ext.client.keys import EscapeKey
from console_ext.client.urls import InvalidURL


def parse(add, *argv):
    parser = argparse.ArgumentParser()
    add(parser)
    return vars(parser.parse_args(argv))


def test_attach_by_default():
    assert parse(commands.add_attach) == {
        'escape': EscapeKey('^]', b'\x1d'),
        'linger': 2.0,
        'reconnect': None,
    }


def test_attach():
    argv = ('--escape', '^a', '--linger', 'inf', '--no-reconnect')
    assert parse(commands.add_attach, *argv) == {
        'escape': EscapeKey('^A', b'\x01'),
        'linger': math.inf,
        'reconnect': False,
    }
    assert parse(commands.add_attach, '--escape', 'none')['escape'] is None


@pytest.mark.parametrize(
    ('argv', 'said'),
    [
        (('--escape', 'x'), "neither a key such as '^]' nor 'none'"),
        (('--escape', '^['), 'the sequences of the arrow keys'),
        (('--linger', 'nan'), 'invalid'),
        (('--linger', '-1'), 'invalid'),
        (('--linger', 'soon'), 'invalid'),
    ],
)
def test_attach_with_nonsense(capsys, argv, said):
    with pytest.raises(SystemExit) as caught:
        parse(commands.add_attach, *argv)
    assert caught.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize('name', ['vnc', 'spice', 'serial'])
def test_open(name):
    found = parse(commands.add_open, f'--{name}')
    assert found == {'console': name, 'no_browser': False}


def test_open_by_default():
    """As in "console url show"."""
    assert parse(commands.add_open)['console'] == 'vnc'


def test_open_one(capsys):
    with pytest.raises(SystemExit):
        parse(commands.add_open, '--vnc', '--serial')
    assert 'not allowed with' in capsys.readouterr().err


def test_attach_invalid_url():
    args = argparse.Namespace(url='http://h/?token=secret')
    with pytest.raises(InvalidURL):
        commands.attach_url(args, verify=True)
