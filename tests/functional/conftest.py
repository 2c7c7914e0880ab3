# SPDX-License-Identifier: Apache-2.0
"""The API in this process, and programs in processes of their own."""

import pytest

from console_ext.compute import base as compute
from console_ext.rpc.server import ComputeServer
from tests.functional.proxy.conftest import modules, novnc, proxy, served  # noqa: F401
from tests.parts.api_client import Client
from tests.parts.programs import Programs


@pytest.fixture
def agent(deployment):
    """Start agents in this process; they stop at the end of the test."""
    started = []

    def start(driver=None):
        conf = deployment.conf()
        server = ComputeServer(conf, driver or compute.load(conf))
        server.start()
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def client(deployment, agent):
    """A client of the whole pipeline, with an agent for compute-1."""
    agent()
    with Client.of(deployment) as client:
        yield client


@pytest.fixture
def programs(tmp_path):
    """Starts programs of the project; all are stopped at the end, and must end well."""
    with Programs(tmp_path) as programs:
        yield programs
