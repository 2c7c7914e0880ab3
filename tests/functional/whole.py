# SPDX-License-Identifier: Apache-2.0
"""API and agent in one process, on a deployment's configuration: ``whole.py FILE``."""

import sys

from console_ext.cmd import lifecycle, service
from console_ext.compute import base as compute
from console_ext.rpc.server import ComputeServer
from console_ext.standalone import deploy, http_server


def serve(signals):
    conf = service.configure([], [sys.argv[1]])
    agent = ComputeServer(conf, compute.load(conf))
    api = http_server.HTTPServer(conf, deploy.load_app(conf))

    def start():
        agent.start()
        api.start()
        print('Serving', flush=True)

    def stop():
        api.stop()
        agent.stop()

    lifecycle.run(lifecycle.Service(start, stop, stop_s=10), signals)


service.main(serve)
