# SPDX-License-Identifier: Apache-2.0
"""The look-up in Nova's databases, where there is no Nova.

Where there is one, tests/integration/nova asks it.
"""

import sys

import pytest

from console_ext import exceptions
from console_ext.servers import base


def test_without_nova(deployment, monkeypatch):
    """One clear line, when it is chosen and not before."""
    monkeypatch.setitem(sys.modules, 'nova', None)
    deployment.configure(api={'servers': 'nova'})
    with pytest.raises(exceptions.ConfigurationError) as caught:
        base.load(deployment.conf(), None)
    assert str(caught.value).startswith(
        '[api] servers = nova: it needs Nova beside it (import of nova halted'
    )
