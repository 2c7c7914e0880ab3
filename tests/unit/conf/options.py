# SPDX-License-Identifier: Apache-2.0
"""What the tests of all groups of options ask."""

import pytest
from oslo_config import cfg

from console_ext import conf as config


def table(module):
    """Every option of a group, with its default."""
    assert all(opt.help for opt in module.OPTS)
    return {opt.dest: opt.default for opt in module.OPTS}


def accepts(tmp_path, group, option, text):
    """Whether the value of an option can be used."""
    path = tmp_path / 'one.conf'
    path.write_text(f'[{group}]\n{option} = {text}\n')
    try:
        getattr(config.load([str(path)])[group], option)
    except cfg.Error:
        return False
    return True


def check(tmp_path, group, values):
    """Ask for each (option, text, whether it is accepted)."""
    for option, text, expected in values:
        found = accepts(tmp_path, group, option, text)
        if found is not expected:
            pytest.fail(f'[{group}] {option} = {text}: accepted is {found}')
