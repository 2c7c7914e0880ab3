# SPDX-License-Identifier: Apache-2.0
"""The range of microversions that the wrapped API supports.

It is read from the wrapped API's version document, with a request inside the process
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

# Any client can trigger the log message about an unknown range.
_SECONDS_BETWEEN_LINES = 60.0

# The document is some 500 bytes.
MAX_DOCUMENT_BYTES = 2**16


class SupportedVersions:
    """The wrapped API's range, requested when it is first needed.

    Threads that need it at the same time each send a request, so that none waits for
    another.  A valid answer is kept; after a failure the next request tries again.

    :ivar known: the range; None until the API has answered
    """

    def __init__(self, application: WSGIApplication, known: Range | None = None):
        self.known = known
        self._application = application
        self._unknown = Throttle(_SECONDS_BETWEEN_LINES)

    def get(self) -> Range:
        """
        :raises MicroversionsUnavailable: the API gives no valid answer
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
        status, body = in_process.call(self._application, environ, MAX_DOCUMENT_BYTES)
        if status != 200:
            raise in_process.NoAnswer(f'it answered {status}')
        document = json.loads(body)['version']
        minimum = Version.parse(document['min_version'])
        maximum = Version.parse(document['version'])
        if maximum < minimum:
            raise in_process.NoAnswer(
                f'its minimum {minimum} is above its maximum {maximum}'
            )
        return Range(minimum, maximum)

    def _log(self, error: Exception) -> None:
        suppressed = self._unknown.admit()
        if suppressed is not None:
            LOG.error(
                'Refused a request (and %d since the last such message): GET /v2.1/ '
                'of the wrapped API does not return its supported microversions '
                '(%s: %s). Check the pipeline behind the filter.',
                suppressed,
                type(error).__name__,
                printable(error),
            )
