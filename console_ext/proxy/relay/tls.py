# SPDX-License-Identifier: Apache-2.0
"""TLS to guests: whom the proxy trusts, and what it shows them."""

from __future__ import annotations

import contextlib
import logging
import ssl
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from console_ext import exceptions
from console_ext.proxy import networks

LOG = logging.getLogger(__name__)


class GuestTLS:
    """
    :param options: what the options' names begin with, for errors; behind it come
        ``ca_certs`` and ``client_cert``
    :param ca_certs: the file of the authorities that are trusted; None for the system's
    :param client_cert: the file of our certificate; None for none
    :param client_key: the file of its key; None where that is in the same file
    :param verify_name: whether a certificate has to name its host
    :raises ConfigurationError: a file is not usable
    """

    def __init__(
        self,
        options: str,
        *,
        ca_certs: str | None,
        client_cert: str | None = None,
        client_key: str | None = None,
        verify_name: bool = True,
    ):
        self._options = options
        self._ca_certs = ca_certs
        self._client_cert = client_cert
        self._client_key = client_key
        self._verify_name = verify_name
        self._context = self._made()

    @property
    def context(self) -> ssl.SSLContext:
        """For a client's side of a handshake, behind which :meth:`check` is due."""
        return self._context

    def reload(self) -> None:
        """Read the files again; connections that exist keep what they have.

        :raises ConfigurationError: a file is not usable, and the former ones stay
        """
        # A new one, for no authority can be taken out of an old one.
        self._context = self._made()
        LOG.info('Read %sca_certs, and what goes with it, again', self._options)

    def check(self, certificate: Mapping[str, Any], names: Iterable[str]) -> None:
        """
        :param certificate: of the other side, as ``getpeercert`` gives it
        :param names: it has to name one of them, unless names are not verified
        :raises ssl.CertificateError: it does not
        """
        wanted = sorted(filter(None, names))
        if self._verify_name and not any(is_for(certificate, name) for name in wanted):
            raise ssl.CertificateError(
                ssl.SSL_ERROR_SSL, f'the certificate is not for {" or ".join(wanted)}'
            )

    def _made(self) -> ssl.SSLContext:
        made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # Our own check takes either of two names, which OpenSSL's here cannot.
        made.check_hostname = False
        if self._ca_certs:
            with _usable(f'{self._options}ca_certs', self._ca_certs):
                made.load_verify_locations(self._ca_certs)
        else:
            made.load_default_certs()
        if self._client_cert:
            files = ' with '.join(filter(None, (self._client_cert, self._client_key)))
            with _usable(f'{self._options}client_cert', files):
                # A key with a password is refused; OpenSSL would ask on the terminal.
                made.load_cert_chain(
                    self._client_cert, self._client_key or None, password=''
                )
        elif self._client_key:
            raise exceptions.ConfigurationError(
                f'{self._options}client_key is set, and {self._options}client_cert not'
            )
        return made


@contextlib.contextmanager
def _usable(option: str, files: str) -> Iterator[None]:
    """Turn errors about files into one about their option."""
    try:
        yield
    except OSError as error:
        raise exceptions.ConfigurationError(
            f'{option}: {files}: {error.strerror or error}'
        ) from None


def is_for(certificate: Mapping[str, Any], name: str) -> bool:
    """Whether a certificate names a host, by RFC 9525: in its subjectAltName only.

    :param certificate: as ``ssl.SSLSocket.getpeercert`` gives it
    :param name: a DNS name, or an address
    """
    address = networks.address(name)
    entries = certificate.get('subjectAltName', ())
    if address is not None:
        return any(
            kind == 'IP Address' and networks.address(value) == address
            for kind, value in entries
        )
    return any(kind == 'DNS' and _covers(value, name) for kind, value in entries)


def _covers(pattern: str, name: str) -> bool:
    """Whether a name in a certificate, perhaps with a wildcard, is that name."""
    pattern, name = pattern.lower(), name.lower().removesuffix('.')
    if not pattern.startswith('*.'):
        return pattern == name
    # A wildcard is one whole label, the leftmost, and not above a top-level domain.
    label, _, rest = name.partition('.')
    return bool(label) and '.' in rest and rest == pattern[2:]
