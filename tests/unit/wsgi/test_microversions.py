# SPDX-License-Identifier: Apache-2.0
"""Parsing and choosing the microversion of a request."""

import pytest

from console_ext import exceptions
from console_ext.wsgi import microversions
from console_ext.wsgi.microversions import DEFAULT, STAND_ALONE, Range, Version
from tests.parts.wsgi_client import build

STANDARD = microversions.HEADER
LEGACY = microversions.LEGACY_HEADER


def environ_of(**values):
    """Return the environ of a request with one of the headers, or both."""
    named = {'standard': STANDARD, 'legacy': LEGACY}
    return build('/', headers={named[k]: v for k, v in values.items()}).environ


@pytest.mark.parametrize(
    ('text', 'version'),
    [
        ('2.1', Version(2, 1)),
        ('2.0', Version(2, 0)),
        ('2.104', Version(2, 104)),
        ('10.10', Version(10, 10)),
        ('999999999.999999999', Version(999999999, 999999999)),
    ],
)
def test_versions(text, version):
    """A version is two numbers with a dot between them."""
    assert Version.parse(text) == version
    assert str(version) == text


@pytest.mark.parametrize(
    'text',
    [
        '',
        '2',
        '2.',
        '.1',
        '2.1.1',
        '2,1',
        'v2.1',
        '2.01',
        '02.1',
        '0.1',
        '-2.1',
        '+2.1',
        '2.-1',
        '2.1 ',
        ' 2.1',
        '2. 1',
        '2.1\n',
        '2_0.1',
        '2.1e1',
        '٢.١',
        '２.１',
        '2.²',
        '2.1000000000',
        '1000000000.1',
        '9' * 5000 + '.1',
        'latest ',
        'LATEST',
        'None',
    ],
)
def test_invalid_version(text):
    """Non-ASCII digits, signs, leading zeros and huge numbers are refused."""
    with pytest.raises(exceptions.InvalidMicroversion):
        Version.parse(text)


# Headers, and the version without a known range and with that of the stand-alone API.
REQUESTED = [
    ({}, DEFAULT, DEFAULT),
    ({'standard': 'compute 2.5'}, Version(2, 5), Version(2, 5)),
    ({'standard': 'COMPUTE 2.5'}, Version(2, 5), Version(2, 5)),
    ({'standard': '  compute \t 2.5  '}, Version(2, 5), Version(2, 5)),
    ({'standard': 'compute'}, DEFAULT, DEFAULT),
    ({'standard': ''}, DEFAULT, DEFAULT),
    ({'standard': '2.5'}, DEFAULT, DEFAULT),
    ({'standard': 'volume 3.50'}, DEFAULT, DEFAULT),
    ({'standard': 'volume nonsense'}, DEFAULT, DEFAULT),
    ({'standard': 'volume 3.50, compute 2.4'}, Version(2, 4), Version(2, 4)),
    ({'standard': 'compute 2.2,compute 2.4'}, Version(2, 4), Version(2, 4)),
    ({'standard': 'compute 2.4, volume 3.50'}, Version(2, 4), Version(2, 4)),
    ({'legacy': '2.5'}, Version(2, 5), Version(2, 5)),
    ({'legacy': '2.2, 2.4'}, Version(2, 4), Version(2, 4)),
    ({'standard': 'compute 2.3', 'legacy': '2.5'}, Version(2, 3), Version(2, 3)),
    ({'standard': 'volume 3.50', 'legacy': '2.5'}, Version(2, 5), Version(2, 5)),
    ({'standard': 'compute 2.99'}, Version(2, 99), Version(2, 99)),
    ({'standard': 'compute 2.100'}, Version(2, 100), None),
    ({'standard': 'compute 2.0'}, Version(2, 0), None),
    ({'standard': 'compute 3.0'}, Version(3, 0), None),
    ({'legacy': '2.100'}, Version(2, 100), None),
]


@pytest.mark.parametrize(('values', 'anywhere', 'stand_alone'), REQUESTED)
def test_requested(values, anywhere, stand_alone):
    """The standard header wins, other services are ignored, the last one counts."""
    assert microversions.requested(environ_of(**values), None) == anywhere
    if stand_alone is None:
        with pytest.raises(exceptions.UnsupportedMicroversion) as caught:
            microversions.requested(environ_of(**values), STAND_ALONE)
        assert caught.value.requested == anywhere
        assert (caught.value.minimum, caught.value.maximum) == ('2.1', '2.99')
    else:
        assert microversions.requested(environ_of(**values), STAND_ALONE) == stand_alone


@pytest.mark.parametrize(
    'values',
    [
        {'standard': 'compute x'},
        {'standard': 'compute 2.5 2.4'},
        {'standard': 'compute 2.5;q=1'},
        {'standard': 'compute ٢.١'.encode().decode('latin-1')},
        {'standard': 'compute Latest'},
        {'legacy': ''},
        {'legacy': 'compute 2.5'},
    ],
)
def test_unreadable_request(values):
    """A value for our service that is no version is refused."""
    with pytest.raises(exceptions.InvalidMicroversion):
        microversions.requested(environ_of(**values), None)


@pytest.mark.parametrize(
    'values', [{'standard': 'compute latest'}, {'legacy': 'latest'}]
)
def test_latest(values):
    """The newest of a known range; else it is above all bounded ranges."""
    assert microversions.requested(environ_of(**values), STAND_ALONE) == Version(2, 99)
    unknown = microversions.requested(environ_of(**values), None)
    assert unknown not in Range.parse('2.1', '999999999.999999999')
    assert unknown in Range.parse('2.1', None)


@pytest.mark.parametrize(
    ('version', 'inside'),
    [
        ((2, 0), False),
        ((2, 1), True),
        ((2, 99), True),
        ((2, 100), False),
        ((3, 1), False),
    ],
)
def test_range(version, inside):
    """The range includes both ends."""
    assert (Version(*version) in STAND_ALONE) is inside
    assert (Version(*version) in Range(Version(2, 1), None)) is (version >= (2, 1))
    assert version not in STAND_ALONE


@pytest.mark.parametrize(
    ('one', 'other', 'overlap'),
    [
        (('2.1', '2.5'), ('2.5', '2.9'), True),
        (('2.1', '2.5'), ('2.6', '2.9'), False),
        (('2.1', None), ('2.9', None), True),
        (('2.1', '2.5'), ('2.6', None), False),
        (('2.1', '2.9'), ('2.3', '2.4'), True),
    ],
)
def test_overlap(one, other, overlap):
    """The order does not matter."""
    one, other = Range.parse(*one), Range.parse(*other)
    assert one.overlaps(other) is overlap
    assert other.overlaps(one) is overlap


@pytest.mark.parametrize(
    ('ranges', 'pair'),
    [
        ([], None),
        ([('2.1', None)], None),
        ([('2.1', '2.5'), ('2.6', '2.7'), ('2.8', None)], None),
        ([('2.8', None), ('2.1', '2.5'), ('2.5', '2.7')], (1, 2)),
        ([('2.1', None), ('2.3', '2.4')], (0, 1)),
        ([(None, '2.5'), ('2.6', '2.7'), ('2.1', '2.1')], (0, 2)),
    ],
)
def test_overlapping(ranges, pair):
    """Return the first two ranges that share a version."""
    ranges = [Range.parse(*bounds) for bounds in ranges]
    expected = None if pair is None else tuple(ranges[index] for index in pair)
    assert microversions.overlapping(ranges) == expected


@pytest.mark.parametrize(
    ('bounds', 'text'), [(('2.1', '2.5'), '2.1–2.5'), (('2.1', None), '2.1–')]
)
def test_range_as_text(bounds, text):
    """The format of the table of routes."""
    assert str(Range.parse(*bounds)) == text


@pytest.mark.parametrize('bounds', [('x', None), ('2.1', 'x'), ('2', '2.5')])
def test_invalid_range(bounds):
    """It is an error when the plugin is loaded."""
    with pytest.raises(exceptions.InvalidMicroversion):
        Range.parse(*bounds)
