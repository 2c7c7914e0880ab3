# SPDX-License-Identifier: Apache-2.0
"""Our proxy as a part of the cloud."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from console_ext.proxy.server import Proxy
from console_ext.rpc.client import ComputeClient
from console_ext.store import load_store
from console_ext.store.store import Store
from tests.parts.deployment import Deployment
from tests.parts.nova import RPC_TIMEOUT_S, Cloud


def configured(
    path: Path, cloud: Cloud, connection: str, **groups: dict[str, Any]
) -> Deployment:
    """The configuration of a proxy on the bus of the first cell.

    :param connection: the URL of the database with its tokens
    :param groups: more options; by default, it listens on free ports
    """
    return (
        Deployment(path)
        .configure(
            DEFAULT={'transport_url': cloud.broker.url},
            console_rpc={'timeout': RPC_TIMEOUT_S},
            database={'connection': connection},
            serial_console={'serialproxy_port': 0},
            spice={'html5proxy_port': 0},
            vnc={'novncproxy_port': 0},
        )
        .configure(**groups)
    )


@contextlib.contextmanager
def running(
    path: Path, cloud: Cloud, connection: str, **groups: dict[str, Any]
) -> Iterator[tuple[Proxy, Store]]:
    """A proxy in this process, and its store; the parameters are those of configured.

    :param path: a directory, for its configuration
    """
    conf = configured(path, cloud, connection, **groups).conf()
    store = load_store(conf)
    assert store is not None
    client = ComputeClient(conf)
    proxy = Proxy(conf, store, client)
    proxy.start()
    try:
        yield proxy, store
    finally:
        proxy.stop()
        client.close()
        store.close()


def websocket_url(proxy: Proxy, listener: str) -> str:
    return proxy.url(listener).replace('http', 'ws')
