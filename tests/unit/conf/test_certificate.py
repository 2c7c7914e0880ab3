# SPDX-License-Identifier: Apache-2.0
"""[DEFAULT]: the certificate"""

from console_ext.conf import certificate
from tests.unit.conf import options


def test_options():
    """Nova's names; no certificate is no TLS."""
    assert certificate.GROUP is None
    assert options.table(certificate) == {'cert': None, 'key': None}
