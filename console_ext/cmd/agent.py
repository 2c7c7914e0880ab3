# SPDX-License-Identifier: Apache-2.0
"""console-ext-agent: answers for the consoles of one compute host, on the bus."""

from __future__ import annotations

import sys

from oslo_log import log as logging

from console_ext.cmd import service
from console_ext.compute import base as compute
from console_ext.rpc.server import ComputeServer

LOG = logging.getLogger(__name__)


def serve() -> None:
    conf = service.configure(sys.argv[1:])
    server = ComputeServer(conf, compute.load(conf))
    with service.until_signalled() as stop:
        server.start()
        LOG.info('Answering for compute host %s', conf.host)
        stop.wait()
        LOG.info('Stopping')
        server.stop()


def main() -> int:
    return service.run(serve)


if __name__ == '__main__':
    sys.exit(main())
