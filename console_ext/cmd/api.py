# SPDX-License-Identifier: Apache-2.0
"""console-ext-api: the stand-alone API in a threaded server of its own.

For production, run ``console_ext.cmd.wsgi:application`` under uwsgi or the like.
"""

from __future__ import annotations

import sys

from oslo_log import log as logging

from console_ext.cmd import http_server, service
from console_ext.wsgi import deploy

LOG = logging.getLogger(__name__)


def serve() -> None:
    conf = service.configure(sys.argv[1:])
    server = http_server.HTTPServer(conf, deploy.load_app(conf))
    with service.until_signalled() as stop:
        server.start()
        LOG.info('Serving on %s', server.url)
        stop.wait()
        LOG.info('Stopping')
        server.stop()


def main() -> int:
    return service.run(serve)


if __name__ == '__main__':
    sys.exit(main())
