# SPDX-License-Identifier: Apache-2.0
"""The common parts of all programs."""

import subprocess
import sys

HOSTILE_BUS = """
import contextlib
import sys
import console_ext.cmd
import oslo_messaging
from console_ext.cmd import service
from console_ext.compute import base as compute
from console_ext.rpc import transport
from console_ext.rpc.server import ComputeServer

hostile = 'x\\nERROR y\\x1b[2J'
conf = service.configure(['--config-file', sys.argv[1]])
server = ComputeServer(conf, compute.load(conf))
server.start()
connected = transport.connect(conf)
client = oslo_messaging.get_rpc_client(
    connected, oslo_messaging.Target(topic='compute', server='compute-1', version='5.0')
)
usual = {'console_type': 'serial', 'instance': None}
for method, args in (
    ('get_serial_console', {**usual, hostile: 1}),
    ('get_serial_console', {**usual, 'instance': hostile}),
    ('get_spice_console', {**usual, 'console_type': hostile}),
    (hostile, usual),
):
    with contextlib.suppress(Exception):
        client.call({}, method, **args)
server.stop()
"""


def test_log_of_an_agent(deployment):
    """No logger can forge a line or write control characters."""
    done = subprocess.run(
        [sys.executable, '-c', HOSTILE_BUS, str(deployment.config_file)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stderr
    assert 'unexpected keyword argument' in done.stdout
    assert all(line.isprintable() for line in lines)
    # Each line begins with its date.
    assert not [line for line in lines if line[:2] != '20']
