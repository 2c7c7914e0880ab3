# SPDX-License-Identifier: Apache-2.0
"""Certificates: of an authority, and of nobody but themselves."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


class Authority:
    """
    :param path: a directory, for its files; it is made
    """

    def __init__(self, path: Path):
        path.mkdir()
        self.path = path
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name('authority')
        made = (
            _builder(self._name, self._name, self._key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.file = path / 'ca-cert.pem'
        self.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def issue(self, role: str, *names: str) -> tuple[Path, Path]:
        """Write ``role-cert.pem`` and ``role-key.pem``, as QEMU names them.

        :param role: server or client
        :param names: DNS names and addresses in the certificate
        """
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(role), self._name, key).add_extension(
            _usage(digital_signature=True), critical=True
        )
        if names:
            builder = builder.add_extension(_alternatives(*names), critical=False)
        return _write(
            builder.sign(self._key, hashes.SHA256()), key, self.path, f'{role}-'
        )

    def server(self, *names: str, wants_client: bool = False) -> ssl.SSLContext:
        """The TLS context of a server with a new certificate.

        :param wants_client: whether it takes only clients with a certificate of ours
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.issue('server', *names))
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(self.file)
        return context


def self_signed(path: Path) -> tuple[Path, Path]:
    """Write a certificate for loopback, ``cert.pem``, and its key, ``key.pem``.

    A client that trusts the certificate needs no other file.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name('localhost')
    builder = _builder(name, name, key).add_extension(
        _alternatives('localhost', '127.0.0.1'), critical=False
    )
    return _write(builder.sign(key, hashes.SHA256()), key, path)


def _write(
    made: x509.Certificate,
    key: ec.EllipticCurvePrivateKey,
    path: Path,
    prefix: str = '',
) -> tuple[Path, Path]:
    cert_file, key_file = (path / f'{prefix}{kind}.pem' for kind in ('cert', 'key'))
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


def _alternatives(*names: str) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName([_general(one) for one in names])


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _general(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )


def _usage(**given: bool) -> x509.KeyUsage:
    names = (
        'digital_signature',
        'content_commitment',
        'key_encipherment',
        'data_encipherment',
        'key_agreement',
        'key_cert_sign',
        'crl_sign',
        'encipher_only',
        'decipher_only',
    )
    return x509.KeyUsage(**{name: given.get(name, False) for name in names})
