# SPDX-License-Identifier: Apache-2.0
"""The verification of a console proxy's certificate."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping

# The variables that requests, and so every OpenStack client, uses.
_BUNDLES = ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE')


def context(
    verify: bool | str, environ: Mapping[str, str] = os.environ
) -> ssl.SSLContext:
    """
    :param verify: as in requests: whether to verify certificates, or a file or a
        directory with trusted authorities
    :raises OSError: the file does not exist or contains no certificate
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
    try:
        return ssl.create_default_context(cafile=verify)
    except OSError as error:
        # The library's error does not name the file.
        raise OSError(
            f'The certificates in {verify} cannot be loaded: {error.strerror or error}'
        ) from None
