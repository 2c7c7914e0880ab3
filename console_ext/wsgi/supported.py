# SPDX-License-Identifier: Apache-2.0
"""Which microversions the API behind the filter supports.

The API itself says so, in the document of its version, to a request within the process
(nova/api/openstack/compute/versionsV21.py).
"""

from __future__ import annotations

import json
import logging
from wsgiref.types import WSGIApplication

from console_ext import exceptions
from console_ext.printable import printable
from console_ext.servers import in_process
from console_ext.throttle import Throttle
from console_ext.wsgi.microversions import Range, Version

LOG = logging.getLogger(__name__)

# Any client can cause the line about an API that does not say it.
_SECONDS_BETWEEN_LINES = 60.0

# The document is some 500 bytes.
MAX_DOCUMENT_BYTES = 2**16


class SupportedVersions:
    """The range of the API behind, asked of it when it is first needed.

    Threads that need it at the same time each ask, so that none waits for another.  An
    answer is kept for good; without one the next request asks again.

    :ivar known: the range; None while the API has not said it
    """

    def __init__(self, application: WSGIApplication, known: Range | None = None):
        self.known = known
        self._application = application
        self._unknown = Throttle(_SECONDS_BETWEEN_LINES)

    def get(self) -> Range:
        """
        :raises MicroversionsUnavailable: the API does not say it now
        """
        known = self.known
        if known is None:
            try:
                known = self.known = self._ask()
            except Exception as error:
                self._log(error)
                raise exceptions.MicroversionsUnavailable from None
        return known

    def _ask(self) -> Range:
        environ = in_process.environ_of('/')
        status, body = in_process.ask(self._application, environ, MAX_DOCUMENT_BYTES)
        if status != 200:
            raise in_process.NoAnswer(f'it answered {status}')
        document = json.loads(body)['version']
        minimum = Version.parse(document['min_version'])
        maximum = Version.parse(document['version'])
        if maximum < minimum:
            raise in_process.NoAnswer(f'it names {minimum} and {maximum}')
        return Range(minimum, maximum)

    def _log(self, error: Exception) -> None:
        unsaid = self._unknown.admit()
        if unsaid is not None:
            LOG.error(
                'Refused a request, and %d since the last such line: the API behind '
                'the filter does not say which microversions it supports at GET '
                '/v2.1/ (%s: %s)',
                unsaid,
                type(error).__name__,
                printable(error),
            )
