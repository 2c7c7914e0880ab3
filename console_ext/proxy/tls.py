# SPDX-License-Identifier: Apache-2.0
"""The certificate of the listeners."""

from __future__ import annotations

import logging
import ssl

from oslo_config import cfg

from console_ext import exceptions

LOG = logging.getLogger(__name__)

_MINIMUM = {
    'tlsv1_1': ssl.TLSVersion.TLSv1_1,
    'tlsv1_2': ssl.TLSVersion.TLSv1_2,
    'tlsv1_3': ssl.TLSVersion.TLSv1_3,
}


def context(conf: cfg.ConfigOpts) -> ssl.SSLContext | None:
    """
    :returns: None where no certificate is configured
    :raises ConfigurationError: the certificate, its key or the ciphers are not usable
    """
    if not conf.cert:
        return None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.options |= ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(['http/1.1'])
    if conf.console.ssl_minimum_version in _MINIMUM:
        made.minimum_version = _MINIMUM[conf.console.ssl_minimum_version]
    if conf.console.ssl_ciphers:
        try:
            made.set_ciphers(conf.console.ssl_ciphers)
        except ssl.SSLError:
            raise exceptions.ConfigurationError(
                f'[console] ssl_ciphers = {conf.console.ssl_ciphers}: no cipher is left'
            ) from None
    _load(made, conf)
    return made


def reload(live: ssl.SSLContext, conf: cfg.ConfigOpts) -> None:
    """Read the certificate again; connections that exist keep what they have.

    :raises ConfigurationError: it is not usable, and the former one stays in force
    """
    # First into one that nobody uses: a certificate without its key would stay in.
    context(conf)
    _load(live, conf)
    LOG.info('Read the certificate again')


def _load(made: ssl.SSLContext, conf: cfg.ConfigOpts) -> None:
    try:
        # A key with a password is refused, where OpenSSL would ask on the terminal.
        made.load_cert_chain(conf.cert, conf.key, password='')
    except OSError as error:
        files = conf.cert if not conf.key else f'{conf.cert} with {conf.key}'
        raise exceptions.ConfigurationError(
            f'[DEFAULT] cert: {files}: {error.strerror or error}'
        ) from None
