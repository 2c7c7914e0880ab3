# SPDX-License-Identifier: Apache-2.0
"""[inventory]"""

from console_ext.conf import inventory
from tests.unit.conf import options


def test_options():
    """Names and defaults are what operators rely on."""
    assert inventory.GROUP == 'inventory'
    assert options.table(inventory) == {'file': 'inventory.yaml', 'check_interval': 1}


def test_values(tmp_path):
    """Looking at the file for every server is allowed, looking backwards is not."""
    options.check(
        tmp_path,
        'inventory',
        [('check_interval', '0', True), ('check_interval', '-1', False)],
    )
