# SPDX-License-Identifier: Apache-2.0
"""Which certificates a console proxy may have."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

# What requests, and so every OpenStack client, looks at.
_BUNDLES = ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE')


def context(
    verify: bool | str, environ: Mapping[str, str] = os.environ
) -> ssl.SSLContext:
    """
    :param verify: as for requests: whether certificates are verified, or a file or a
        directory of the authorities that are trusted
    :raises OSError: there is no such file, or no certificate in it
    """
    if verify is False:
        made = ssl.create_default_context()
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
        return made
    if verify is True:
        verify = next((environ[name] for name in _BUNDLES if environ.get(name)), '')
    if not verify:
        return ssl.create_default_context()
    if os.path.isdir(verify):
        return ssl.create_default_context(capath=verify)
    return ssl.create_default_context(cafile=verify)
