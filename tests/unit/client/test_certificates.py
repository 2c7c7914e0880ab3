# SPDX-License-Identifier: Apache-2.0
"""Certificates are verified as in OpenStack clients."""

import ssl

import pytest

from console_ext.client import certificates


def test_verified():
    made = certificates.context(True, {})
    assert made.check_hostname
    assert made.verify_mode is ssl.CERT_REQUIRED


def test_not_verified():
    made = certificates.context(False, {})
    assert not made.check_hostname
    assert made.verify_mode is ssl.CERT_NONE


def trusted(context):
    return context.cert_store_stats()['x509']


def test_file(certificate):
    path, _ = certificate()
    made = certificates.context(str(path), {'REQUESTS_CA_BUNDLE': '/nowhere'})
    assert trusted(made) == 1
    assert made.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize('name', ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'])
def test_variables_of_requests(certificate, name):
    path, _ = certificate()
    assert trusted(certificates.context(True, {name: str(path)})) == 1


def test_directory(tmp_path):
    made = certificates.context(str(tmp_path), {})
    assert made.verify_mode is ssl.CERT_REQUIRED
    assert trusted(made) == 0


def test_no_file(tmp_path):
    none = str(tmp_path / 'none.pem')
    for environ in ({}, {'REQUESTS_CA_BUNDLE': none}):
        with pytest.raises(OSError, match=r'none\.pem .*: No such file'):
            certificates.context(none if not environ else True, environ)
    (tmp_path / 'no.pem').write_text('nonsense')
    with pytest.raises(OSError, match=r'no\.pem .*no certificate'):
        certificates.context(str(tmp_path / 'no.pem'), {})
