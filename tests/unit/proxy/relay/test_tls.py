# SPDX-License-Identifier: Apache-2.0
"""TLS to guests."""

from __future__ import annotations

import logging
import ssl

import pytest

from console_ext import exceptions
from console_ext.proxy.relay.tls import GuestTLS, is_for
from tests.parts.authority import Authority


def names(*entries: tuple[str, str]) -> dict:
    """Return a certificate with the structure of getpeercert."""
    return {'subject': ((('commonName', 'common'),),), 'subjectAltName': entries}


@pytest.mark.parametrize(
    ('entry', 'name', 'expected'),
    [
        (('DNS', 'compute-1'), 'compute-1', True),
        (('DNS', 'Compute-1.Example.org'), 'compute-1.example.ORG.', True),
        (('DNS', 'compute-1'), 'compute-2', False),
        (('DNS', 'compute-1'), 'compute-1.example.org', False),
        (('DNS', 'common'), 'compute-1', False),
        (('DNS', '*.example.org'), 'a.example.org', True),
        (('DNS', '*.example.org'), 'a.b.example.org', False),
        (('DNS', '*.example.org'), 'example.org', False),
        (('DNS', '*.example.org'), '.example.org', False),
        (('DNS', '*.org'), 'example.org', False),
        (('DNS', '*'), 'compute-1', False),
        (('DNS', 'a*.example.org'), 'ab.example.org', False),
        (('DNS', 'a.*.org'), 'a.b.org', False),
        (('DNS', '10.0.0.1'), '10.0.0.1', False),
        (('DNS', '*.0.0.1'), '10.0.0.1', False),
        (('IP Address', '10.0.0.1'), '10.0.0.1', True),
        (('IP Address', '10.0.0.1'), '::ffff:10.0.0.1', True),
        (('IP Address', '10.0.0.1'), '10.0.0.2', False),
        (('IP Address', '2001:DB8:0:0:0:0:0:1'), '2001:db8::1', True),
        (('IP Address', '<invalid>'), '10.0.0.1', False),
        (('IP Address', 'compute-1'), 'compute-1', False),
        (('email', 'compute-1'), 'compute-1', False),
        (('URI', 'compute-1'), 'compute-1', False),
    ],
)
def test_whose_a_certificate_is(entry, name, expected):
    """Names match as a whole, addresses by value."""
    assert is_for(names(entry), name) is expected
    assert is_for(names(('DNS', 'other'), entry), name) is expected


def test_a_common_name_is_no_name():
    """RFC 9525 excludes the common name."""
    assert not is_for(names(), 'common')
    assert not is_for({}, 'common')


def test_one_of_the_names(authority):
    """One matching name is enough; empty names never match."""
    tls = GuestTLS('[x] ', ca_certs=str(authority.file))
    tls.check(names(('DNS', 'b')), ['a', 'b', ''])
    with pytest.raises(ssl.CertificateError, match='not for a or b'):
        tls.check(names(('DNS', 'c')), ['b', 'a', ''])
    with pytest.raises(ssl.CertificateError):
        tls.check(names(('DNS', '')), [''])
    with pytest.raises(ssl.CertificateError):
        tls.check({}, ['a'])


def test_any_name(authority):
    """As in Nova, if names are not verified."""
    tls = GuestTLS('[x] ', ca_certs=str(authority.file), verify_name=False)
    tls.check(names(('DNS', 'c')), ['a'])
    assert tls.context.verify_mode is ssl.CERT_REQUIRED


def test_the_authorities(authority):
    """Only those of the file, or the system's if there is no file."""
    ours = GuestTLS('[x] ', ca_certs=str(authority.file)).context
    assert [one['subject'] for one in ours.get_ca_certs()] == [
        ((('commonName', 'authority'),),)
    ]
    usual = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    usual.load_default_certs()
    assert GuestTLS('[x] ', ca_certs=None).context.get_ca_certs() == (
        usual.get_ca_certs()
    )
    assert ours.minimum_version is not ssl.TLSVersion.TLSv1


def test_files_that_are_not_usable(authority, tmp_path):
    """The error has the option and the file."""
    cert, key = (str(one) for one in authority.issue('client'))
    other = str(authority.issue('other')[1])
    empty = tmp_path / 'empty.pem'
    empty.touch()
    missing = str(tmp_path / 'missing.pem')
    ca_certs = str(authority.file)
    for values, says in [
        ({'ca_certs': missing}, r'\[x\] ca_certs: .*missing.pem: No such file'),
        ({'ca_certs': str(empty)}, r'\[x\] ca_certs: .*empty.pem: '),
        ({'ca_certs': str(tmp_path)}, r'\[x\] ca_certs: '),
        ({'client_cert': missing}, r'\[x\] client_cert: .*missing.pem: No such'),
        ({'client_cert': cert}, r'\[x\] client_cert: .*client-cert.pem: '),
        (
            {'client_cert': cert, 'client_key': other},
            r'\[x\] client_cert: .* with .*other-key.pem: .*MISMATCH',
        ),
        ({'client_key': key}, r'client_key is set, but \[x\] client_cert is not'),
    ]:
        with pytest.raises(exceptions.ConfigurationError, match=says):
            GuestTLS('[x] ', **{'ca_certs': ca_certs, **values})


def test_one_file_for_both(authority):
    """The file may contain the certificate and the key."""
    cert, key = authority.issue('client')
    cert.write_bytes(cert.read_bytes() + key.read_bytes())
    GuestTLS('[x] ', ca_certs=str(authority.file), client_cert=str(cert))


def test_reload(authority, tmp_path, caplog):
    """Removed authorities are no longer trusted; invalid files change nothing."""
    caplog.set_level(logging.INFO, 'console_ext')
    tls = GuestTLS('[x] ', ca_certs=str(authority.file))
    before = tls.context
    other = Authority(tmp_path / 'other')
    authority.file.write_bytes(other.file.read_bytes())
    tls.reload()
    assert tls.context is not before
    assert len(tls.context.get_ca_certs()) == 1
    assert tls.context.get_ca_certs() != before.get_ca_certs()
    assert caplog.messages == ['Reloaded [x] ca_certs and the related files']
    before = tls.context
    authority.file.write_text('nonsense')
    with pytest.raises(exceptions.ConfigurationError):
        tls.reload()
    assert tls.context is before
