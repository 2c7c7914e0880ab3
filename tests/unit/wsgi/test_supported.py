# SPDX-License-Identifier: Apache-2.0
"""The supported microversions of the wrapped API."""

import threading

import pytest

from console_ext import exceptions
from console_ext.wsgi.microversions import Range
from console_ext.wsgi.supported import MAX_DOCUMENT_BYTES, SupportedVersions
from tests.unit.wsgi.resource_extension import DOCUMENT, Behind

NOVA = Range.parse('2.1', '2.104')


def test_asked_once():
    """The range is requested when it is first needed, once for all requests."""
    behind = Behind()
    supported = SupportedVersions(behind)
    assert (supported.known, behind.asked) == (None, 0)
    assert [supported.get() for _ in range(3)] == [NOVA] * 3
    assert (supported.known, behind.asked) == (NOVA, 1)


def test_known_beforehand():
    """No request is sent."""
    behind = Behind()
    assert SupportedVersions(behind, NOVA).get() == NOVA
    assert behind.asked == 0


@pytest.mark.parametrize(
    'document',
    [
        (500, DOCUMENT),
        (503, {}),
        (404, {}),
        (300, {'choices': []}),
        (200, None),
        (200, []),
        (200, {}),
        (200, {'version': None}),
        (200, {'version': {'version': '2.104'}}),
        (200, {'version': {'version': '', 'min_version': ''}}),
        (200, {'version': {'version': '2.x', 'min_version': '2.1'}}),
        (200, {'version': {'version': 2.104, 'min_version': 2.1}}),
        (200, {'version': {'version': None, 'min_version': '2.1'}}),
        (200, {'version': {'version': '2.1', 'min_version': '2.104'}}),
        (200, {**DOCUMENT, 'more': 'x' * MAX_DOCUMENT_BYTES}),
    ],
    ids=lambda document: str(document)[:60],
)
def test_unknown_until_the_api_answers(document, caplog):
    """Each request tries again; the log says so once."""
    behind = Behind()
    supported = SupportedVersions(behind)
    behind.document = document
    for asked in (1, 2, 3):
        with pytest.raises(exceptions.MicroversionsUnavailable):
            supported.get()
        assert behind.asked == asked
    (record,) = caplog.records
    assert 'does not return its supported microversions' in record.getMessage()
    behind.document = (200, DOCUMENT)
    assert supported.get() == NOVA


def test_application_that_fails(caplog):
    """The log has one line without control characters."""

    def broken(environ, start_response):
        raise RuntimeError('odd\nERROR\x1b[2J' * 10**5)

    with pytest.raises(exceptions.MicroversionsUnavailable):
        SupportedVersions(broken).get()
    (record,) = caplog.records
    assert record.getMessage().isprintable()
    assert len(record.getMessage()) < 2000
    assert not record.exc_info


def test_no_request_waits_for_another():
    """Meanwhile, other requests ask by themselves."""
    behind = Behind()
    first, go_on = threading.Event(), threading.Event()

    def slow_for_the_first(environ, start_response):
        if not first.is_set():
            first.set()
            assert go_on.wait(60)
        return behind(environ, start_response)

    supported = SupportedVersions(slow_for_the_first)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(supported.get()))
    thread.start()
    assert first.wait(60)
    assert supported.get() == NOVA
    assert answers == []
    go_on.set()
    thread.join(60)
    assert answers == [NOVA]
