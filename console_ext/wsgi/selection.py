# SPDX-License-Identifier: Apache-2.0
"""Decides which requests the extensions answer, and which the wrapped API answers.

A request that belongs to an extension is never passed on because it is invalid: the
wrapped API would answer it without the extension's policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console_ext import exceptions
from console_ext.wsgi import microversions
from console_ext.wsgi.operation import (
    Operation,
    Operations,
    VersionedOperation,
    each_operation,
)
from console_ext.wsgi.request import Request, action_of, body_of, version_of
from console_ext.wsgi.supported import SupportedVersions


class Selection:
    """Finds the operation of a request, or leaves the request to the wrapped API.

    :param max_body_bytes: the limit for requests to extensions
    """

    def __init__(self, supported: SupportedVersions, max_body_bytes: int):
        self._supported = supported
        self._max_body_bytes = max_body_bytes

    def select(self, request: Request, operations: Operations) -> tuple[Operation, Any]:
        """Return the operation and the parsed body.

        :raises Declined: the wrapped API answers; the body can still be read
        :raises RequestError: the request belongs to an extension and is invalid
        :raises MicroversionsUnavailable: the version that decides is unknown
        """
        request.version = None
        try:
            request.version = version_of(request, None)
        except exceptions.InvalidMicroversion:
            raise exceptions.Declined from None
        if isinstance(operations, Mapping):
            operation, body = self._action(request, operations)
        else:
            operation, body = self._resource_method(request, operations)
        if operation.serves is not None and not operation.serves(body):
            raise exceptions.Declined
        return operation, body

    def _action(
        self, request: Request, operations: Mapping[str, VersionedOperation]
    ) -> tuple[Operation, Any]:
        # Only the body tells whether the action is an extension's.
        if self._is_too_large(request):
            raise exceptions.Declined
        try:
            body = body_of(request)
            versioned = action_of(operations, body)
        except exceptions.RequestError:
            raise exceptions.Declined from None
        return self._at(request, versioned), body

    def _resource_method(
        self, request: Request, versioned: VersionedOperation
    ) -> tuple[Operation, Any]:
        operation = self._at(request, versioned)
        if self._is_too_large(request):
            raise exceptions.BodyTooLarge(self._max_body_bytes)
        return operation, body_of(request)

    def _at(self, request: Request, versioned: VersionedOperation) -> Operation:
        """Return the operation at the requested version.

        The wrapped API's range is needed for ``latest``, and for an operation without
        a maximum version.
        """
        version = request.version or microversions.DEFAULT
        is_latest = version == microversions.LATEST
        operation = versioned.at(version)
        if operation is None and not is_latest:
            raise exceptions.Declined
        if version == microversions.DEFAULT:
            # Every API supports it, and /v2 has no other.
            needs_range = False
        else:
            is_open = operation is not None and operation.versions.maximum is None
            needs_range = is_latest or is_open or self._supported.known is not None
        if needs_range:
            try:
                supported = self._supported.get()
            except exceptions.MicroversionsUnavailable:
                if self._is_declined_by_all(request, versioned):
                    raise exceptions.Declined from None
                raise
            request.version = version_of(request, supported)
            operation = versioned.at(request.version)
        if operation is None:
            raise exceptions.Declined
        return operation

    def _is_declined_by_all(
        self, request: Request, versioned: VersionedOperation
    ) -> bool:
        """Whether the operations of all versions decline the request."""
        if self._is_too_large(request):
            return False
        try:
            body = body_of(request)
        except exceptions.RequestError:
            return False
        return all(
            operation.serves is not None and not operation.serves(body)
            for operation in each_operation(versioned)
        )

    def _is_too_large(self, request: Request) -> bool:
        return (request.content_length or 0) > self._max_body_bytes
