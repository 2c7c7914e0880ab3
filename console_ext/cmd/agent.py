# SPDX-License-Identifier: Apache-2.0
"""console-ext-agent: provides the consoles of a compute host over the message bus."""

from __future__ import annotations

import sys
from typing import NoReturn

from oslo_log import log as logging

from console_ext.cmd import lifecycle, service
from console_ext.cmd.systemd import Notifier
from console_ext.compute import base as compute
from console_ext.rpc.server import ComputeServer
from console_ext.signals import Signals

LOG = logging.getLogger(__name__)

# The time to finish calls in progress and to close connections.
_STOP_S = 4.5


def serve(signals: Signals) -> None:
    conf = service.configure(sys.argv[1:])
    server = ComputeServer(conf, compute.load(conf))

    def start() -> None:
        server.start()
        LOG.info('Answering for compute host %s', conf.host)

    lifecycle.run(
        lifecycle.Service(
            start, server.stop, _STOP_S, reload=lambda: service.reload(conf)
        ),
        signals,
        Notifier.of_environment(),
    )


def main(signals: Signals | None = None) -> NoReturn:
    service.main(serve, signals)


if __name__ == '__main__':
    main()
