# SPDX-License-Identifier: Apache-2.0
"""``[console_rpc] cell_bus``."""

from __future__ import annotations

import pytest

from console_ext import conf as config
from console_ext import exceptions
from console_ext.rpc import cells


def conf_with(lines):
    conf = config.load([])
    conf.set_override('cell_bus', lines, group='console_rpc')
    return conf


def test_no_cells():
    assert cells.buses(conf_with([])) == {}


def test_a_bus_of_several_brokers():
    lines = ['one rabbit://u:p@a:1,u:p@b:2//', ' two   rabbit://c/ ']
    assert cells.buses(conf_with(lines)) == {
        'one': 'rabbit://u:p@a:1,u:p@b:2//',
        'two': 'rabbit://c/',
    }


@pytest.mark.parametrize(
    'line',
    ['one', 'one ', '', 'one secret', 'one :secret@h', 'one rabbit://u:secret/@h/'],
)
def test_what_is_no_bus_is_refused_without_being_shown(line):
    with pytest.raises(exceptions.ConfigurationError) as caught:
        cells.buses(conf_with([line]))
    assert 'cell_bus' in str(caught.value)
    assert 'secret' not in str(caught.value)
