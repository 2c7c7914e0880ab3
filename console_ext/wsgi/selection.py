# SPDX-License-Identifier: Apache-2.0
"""Which requests the extensions take from the API behind them, and which they leave.

What no extension has is left.  What one has is taken and, where it is unfit, refused:
the API behind would answer it without the extension's policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from console_ext import exceptions
from console_ext.wsgi import microversions
from console_ext.wsgi.operation import Named, Operation, Operations, each
from console_ext.wsgi.request import Request, action_of, body_of, version_of
from console_ext.wsgi.supported import SupportedVersions


class Selection:
    """Selects the operation of a request, or leaves the request.

    :param max_body_bytes: of a request that is taken
    """

    def __init__(self, supported: SupportedVersions, max_body_bytes: int):
        self._supported = supported
        self._max_body_bytes = max_body_bytes

    def select(self, request: Request, operations: Operations) -> tuple[Operation, Any]:
        """Find the operation, and read the body where that takes it.

        :raises Declined: the request is left, and can be passed on, body and all
        :raises RequestError: it is taken, and refused
        :raises MicroversionsUnavailable: it cannot be said whose it is
        """
        request.version = None
        try:
            request.version = version_of(request, None)
        except exceptions.InvalidMicroversion:
            raise exceptions.Declined from None
        if isinstance(operations, Mapping):
            operation, body = self._action(request, operations)
        else:
            operation, body = self._noun(request, operations)
        if operation.serves is not None and not operation.serves(body):
            raise exceptions.Declined
        return operation, body

    def _action(
        self, request: Request, operations: Mapping[str, Named]
    ) -> tuple[Operation, Any]:
        # Whose action it is stands in the body.
        if self._is_too_large(request):
            raise exceptions.Declined
        try:
            body = body_of(request)
            named = action_of(operations, body)
        except exceptions.RequestError:
            raise exceptions.Declined from None
        return self._at(request, named), body

    def _noun(self, request: Request, named: Named) -> tuple[Operation, Any]:
        operation = self._at(request, named)
        if self._is_too_large(request):
            raise exceptions.BodyTooLarge(self._max_body_bytes)
        return operation, body_of(request)

    def _at(self, request: Request, named: Named) -> Operation:
        """The operation at the version that is asked for.

        The API's range is needed for ``latest``, and for an operation without end.
        """
        version = request.version or microversions.DEFAULT
        is_latest = version == microversions.BEYOND_ALL
        operation = named.at(version)
        if operation is None and not is_latest:
            raise exceptions.Declined
        if version == microversions.DEFAULT:
            # Every API has it, and it is the only one of /v2.
            needs_range = False
        else:
            is_open = operation is not None and operation.versions.maximum is None
            needs_range = is_latest or is_open or self._supported.known is not None
        if needs_range:
            try:
                supported = self._supported.get()
            except exceptions.MicroversionsUnavailable:
                if self._is_for_none(request, named):
                    raise exceptions.Declined from None
                raise
            request.version = version_of(request, supported)
            operation = named.at(request.version)
        if operation is None:
            raise exceptions.Declined
        return operation

    def _is_for_none(self, request: Request, named: Named) -> bool:
        """Whether no operation would take the request, at whichever version."""
        if self._is_too_large(request):
            return False
        try:
            body = body_of(request)
        except exceptions.RequestError:
            return False
        return all(
            one.serves is not None and not one.serves(body) for one in each(named)
        )

    def _is_too_large(self, request: Request) -> bool:
        return (request.content_length or 0) > self._max_body_bytes
