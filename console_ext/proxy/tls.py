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
    :returns: None if no certificate is configured
    :raises ConfigurationError: the certificate, its key or the ciphers are invalid
    """
    if not conf.cert:
        return None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.options |= ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(['http/1.1'])
    # Python's default depends on how it was built, and may be no minimum at all.
    made.minimum_version = _MINIMUM.get(
        conf.console.ssl_minimum_version,
        max(made.minimum_version, ssl.TLSVersion.TLSv1_2),
    )
    if conf.console.ssl_ciphers:
        try:
            made.set_ciphers(conf.console.ssl_ciphers)
        except ssl.SSLError:
            raise exceptions.ConfigurationError(
                f'[console] ssl_ciphers = {conf.console.ssl_ciphers}: the TLS library '
                'supports none of these'
            ) from None
    _load(made, conf)
    return made


def reload(live: ssl.SSLContext, conf: cfg.ConfigOpts) -> None:
    """Reload the certificate for new connections; existing ones are not affected.

    :raises ConfigurationError: it is invalid; the previous certificate stays in force
    """
    # Load it into an unused context first, because a failure in the live context would
    # leave a certificate without its key.
    context(conf)
    _load(live, conf)
    LOG.info('Read the certificate again')


def _load(made: ssl.SSLContext, conf: cfg.ConfigOpts) -> None:
    try:
        # The empty password makes an encrypted key an error; otherwise OpenSSL asks for
        # the password on the terminal.
        made.load_cert_chain(conf.cert, conf.key, password='')
    except OSError as error:
        files = conf.cert if not conf.key else f'{conf.cert} with {conf.key}'
        raise exceptions.ConfigurationError(
            f'[DEFAULT] cert: {files}: {error.strerror or error}'
        ) from None
