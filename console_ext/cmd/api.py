# SPDX-License-Identifier: Apache-2.0
"""console-ext-api: the stand-alone API with a built-in HTTP server.

For production, run ``console_ext.cmd.wsgi:application`` in a WSGI server such as uwsgi.
"""

from __future__ import annotations

import sys
from typing import NoReturn

from oslo_log import log as logging

from console_ext.cmd import lifecycle, service
from console_ext.cmd.systemd import Notifier
from console_ext.signals import Signals
from console_ext.standalone import deploy, http_server

LOG = logging.getLogger(__name__)


def serve(signals: Signals) -> None:
    conf = service.configure(sys.argv[1:])
    server = http_server.HTTPServer(conf, deploy.load_app(conf))

    def start() -> None:
        server.start()
        LOG.info('Serving on %s', server.url)

    lifecycle.run(
        lifecycle.Service(
            start, server.stop, server.STOP_S, reload=lambda: service.reload(conf)
        ),
        signals,
        Notifier.of_environment(),
    )


def main(signals: Signals | None = None) -> NoReturn:
    service.main(serve, signals)


if __name__ == '__main__':
    main()
