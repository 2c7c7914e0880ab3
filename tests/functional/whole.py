# SPDX-License-Identifier: Apache-2.0
"""API and agent in one process, on a deployment's configuration: ``whole.py FILE``."""

import sys

from console_ext.cmd import http_server, service
from console_ext.compute import base as compute
from console_ext.rpc.server import ComputeServer
from console_ext.wsgi import deploy

conf = service.configure([], [sys.argv[1]])
agent = ComputeServer(conf, compute.load(conf))
api = http_server.HTTPServer(conf, deploy.load_app(conf))
with service.until_signalled() as stop:
    agent.start()
    api.start()
    print('Serving', flush=True)
    stop.wait()
    api.stop()
    agent.stop()
