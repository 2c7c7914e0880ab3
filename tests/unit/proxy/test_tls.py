# SPDX-License-Identifier: Apache-2.0
"""The certificate of the listeners."""

from __future__ import annotations

import ssl

import pytest

from console_ext import exceptions
from console_ext.proxy import tls


def test_no_certificate(deployment):
    """Without a certificate, there is no TLS."""
    assert tls.context(deployment.conf()) is None


def test_minimum_version(deployment, certificate):
    """The configured version; the default is at least TLS 1.2."""
    cert_file, key_file = certificate()
    deployment.configure(DEFAULT={'cert': cert_file, 'key': key_file})
    default = tls.context(deployment.conf())
    assert default.minimum_version >= ssl.TLSVersion.TLSv1_2
    deployment.configure(console={'ssl_minimum_version': 'tlsv1_3'})
    assert tls.context(deployment.conf()).minimum_version == ssl.TLSVersion.TLSv1_3


def test_one_file_for_both(deployment, certificate, tmp_path):
    """A file with certificate and key, such as Nova's self.pem."""
    both = tmp_path / 'self.pem'
    both.write_text(''.join(file.read_text() for file in certificate()))
    assert tls.context(deployment.configure(DEFAULT={'cert': both}).conf())


def test_a_key_with_a_password(deployment, certificate, tmp_path):
    """It is refused; OpenSSL does not ask on the terminal."""
    from cryptography.hazmat.primitives import serialization

    cert_file, key_file = certificate()
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b'secret'),
        )
    )
    deployment.configure(DEFAULT={'cert': cert_file, 'key': key_file})
    with pytest.raises(exceptions.ConfigurationError, match='cert'):
        tls.context(deployment.conf())


def test_a_key_of_another_certificate(deployment, certificate, tmp_path):
    """If only one file has changed, the previous certificate stays in force."""
    cert_file, key_file = certificate()
    deployment.configure(DEFAULT={'cert': cert_file, 'key': key_file})
    conf = deployment.conf()
    live = tls.context(conf)
    former = key_file.read_bytes()
    certificate()
    key_file.write_bytes(former)
    with pytest.raises(exceptions.ConfigurationError):
        tls.reload(live, conf)
