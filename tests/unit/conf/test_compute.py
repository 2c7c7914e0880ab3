# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]"""

import socket

from console_ext.conf import compute
from tests.unit.conf import options


def test_options():
    """As nova-compute's: one name for the host on the bus and in the database."""
    assert compute.GROUP is None
    assert options.table(compute) == {'host': socket.gethostname()}


def test_sample_names_no_machine():
    """The sample is the same wherever it is written."""
    assert compute.OPTS[0].sample_default == '<current_hostname>'
