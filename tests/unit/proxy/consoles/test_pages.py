# SPDX-License-Identifier: Apache-2.0
"""What a listener serves to browsers."""

from __future__ import annotations

from console_ext.proxy.admission.origin import AllowedOrigins
from console_ext.proxy.consoles import pages

ORIGINS = AllowedOrigins('https://console/', ['https://dashboard', 'horizon'])


def test_the_policy():
    """Allowed origins may show a page in a frame; scripts come from the proxy only."""
    policy = pages.security_policy(ORIGINS, 'img-src data:')
    assert policy == (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; form-action 'none'; "
        'frame-ancestors https://console:443 https://dashboard:443 https://horizon:*'
    )
