# SPDX-License-Identifier: Apache-2.0
"""Microversions: parsing, ranges, and the version that a request asks for."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from typing import NamedTuple
from wsgiref.types import WSGIEnvironment

import microversion_parse

from console_ext import exceptions

SERVICE_TYPE = 'compute'
HEADER = 'OpenStack-API-Version'
LEGACY_HEADER = 'X-OpenStack-Nova-API-Version'

_ENVIRON_HEADERS = {
    f'HTTP_{name.upper().replace("-", "_")}': name for name in (HEADER, LEGACY_HEADER)
}

# nova/api/openstack/api_version_request.py
_FORMAT = re.compile(r'([1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})', re.ASCII)


class Version(NamedTuple):
    major: int
    minor: int

    def __str__(self) -> str:
        return f'{self.major}.{self.minor}'

    @classmethod
    def parse(cls, text: str) -> Version:
        """
        :raises InvalidMicroversion: it is not two numbers and a dot
        """
        match = _FORMAT.fullmatch(text)
        if match is None:
            raise exceptions.InvalidMicroversion(text)
        return cls(int(match[1]), int(match[2]))


DEFAULT = Version(2, 1)

# Stands for ``latest`` until the wrapped API's maximum is known.
LATEST = Version(10**9, 0)


class Range(NamedTuple):
    """Versions from ``minimum`` to ``maximum``, both included.

    :param maximum: None for no upper limit
    """

    minimum: Version
    maximum: Version | None

    def __contains__(self, version: object) -> bool:
        return (
            isinstance(version, Version)
            and self.minimum <= version
            and (self.maximum is None or version <= self.maximum)
        )

    def overlaps(self, other: Range) -> bool:
        return self.minimum in other or other.minimum in self

    def __str__(self) -> str:
        return f'{self.minimum}–{self.maximum or ""}'

    @classmethod
    def parse(cls, minimum: str | None, maximum: str | None) -> Range:
        """
        :param minimum: None for the first microversion
        :raises InvalidMicroversion: either is not a version
        """
        return cls(
            DEFAULT if minimum is None else Version.parse(minimum),
            None if maximum is None else Version.parse(maximum),
        )


def overlapping(ranges: Iterable[Range]) -> tuple[Range, Range] | None:
    """Return two ranges that share a version, or None if all are disjoint."""
    for one, other in itertools.combinations(ranges, 2):
        if one.overlaps(other):
            return one, other
    return None


# The stand-alone API's range.  The console clients of today ask for 2.99.
STAND_ALONE = Range(Version(2, 1), Version(2, 99))


def requested(environ: WSGIEnvironment, supported: Range | None) -> Version:
    """Return the version that a request asks for, or the default.

    :param environ: the WSGI environment of the request (PEP 3333)
    :param supported: the wrapped API's range; None if it is unknown
    :raises InvalidMicroversion, UnsupportedMicroversion:
    """
    headers = {
        name: environ[key] for key, name in _ENVIRON_HEADERS.items() if key in environ
    }
    text = microversion_parse.get_version(
        headers, service_type=SERVICE_TYPE, legacy_headers=[LEGACY_HEADER]
    )
    if text is None:
        return DEFAULT
    if text == 'latest':
        return (supported and supported.maximum) or LATEST
    version = Version.parse(text)
    if supported is not None and version not in supported:
        raise exceptions.UnsupportedMicroversion(
            version, str(supported.minimum), str(supported.maximum or 'latest')
        )
    return version
