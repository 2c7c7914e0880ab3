# SPDX-License-Identifier: Apache-2.0
"""TLS to guests: the trusted authorities, and the proxy's own certificate."""

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
    :param options: prefix of the option names ``ca_certs`` and ``client_cert``, for
        errors
    :param ca_certs: file of the trusted authorities; None for the system's
    :param client_cert: file of our certificate; None for none
    :param client_key: file of its key; None if the key is in the same file
    :param verify_name: whether a host's certificate has to have the host's name
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
        self._context = self._create_context()

    @property
    def context(self) -> ssl.SSLContext:
        """For the client's side of a handshake; call :meth:`check` after it."""
        return self._context

    def reload(self) -> None:
        """Read the files again, for new connections.

        :raises ConfigurationError: a file is not usable; the previous ones are kept
        """
        # A new context, because authorities cannot be removed from an existing one.
        self._context = self._create_context()
        LOG.info('Reloaded %sca_certs and the related files', self._options)

    def check(self, certificate: Mapping[str, Any], names: Iterable[str]) -> None:
        """
        :param certificate: of the other side, as ``getpeercert`` returns it
        :param names: it has to have one of these names, if names are verified
        :raises ssl.CertificateError: it has none of them
        """
        wanted = sorted(filter(None, names))
        if self._verify_name and not any(is_for(certificate, name) for name in wanted):
            raise ssl.CertificateError(
                ssl.SSL_ERROR_SSL, f'the certificate is not for {" or ".join(wanted)}'
            )

    def _create_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        # check() accepts either of two names, which OpenSSL's check cannot.
        context.check_hostname = False
        if self._ca_certs:
            with _usable(f'{self._options}ca_certs', self._ca_certs):
                context.load_verify_locations(self._ca_certs)
        else:
            context.load_default_certs()
        if self._client_cert:
            files = ' with '.join(filter(None, (self._client_cert, self._client_key)))
            with _usable(f'{self._options}client_cert', files):
                # Refuse a key with a password; OpenSSL would ask on the terminal.
                context.load_cert_chain(
                    self._client_cert, self._client_key or None, password=''
                )
        elif self._client_key:
            raise exceptions.ConfigurationError(
                f'{self._options}client_key is set, but {self._options}client_cert is '
                'not: set both or neither'
            )
        return context


@contextlib.contextmanager
def _usable(option: str, files: str) -> Iterator[None]:
    """Turn an error about files into one that names their option."""
    try:
        yield
    except OSError as error:
        raise exceptions.ConfigurationError(
            f'{option}: {files}: {error.strerror or error}'
        ) from None


def is_for(certificate: Mapping[str, Any], name: str) -> bool:
    """Whether a certificate is for a host (RFC 9525: by its subjectAltName only).

    :param certificate: as ``ssl.SSLSocket.getpeercert`` returns it
    :param name: a DNS name or an IP address
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
    """Whether a name in a certificate, perhaps with a wildcard, matches a name."""
    pattern, name = pattern.lower(), name.lower().removesuffix('.')
    if not pattern.startswith('*.'):
        return pattern == name
    # A wildcard stands for the whole leftmost label, and not below a top-level domain.
    label, _, rest = name.partition('.')
    return bool(label) and '.' in rest and rest == pattern[2:]
