# SPDX-License-Identifier: Apache-2.0
"""A client that floods a console; run by test_fairness.

Arguments: the port of the proxy, a token, and the kind of its frames.
"""

from __future__ import annotations

import socket
import sys
import threading

from tests.functional.proxy.wire import frame, receive_until, upgrade

KINDS = {
    'empty': frame(b'', 2),
    'byte': frame(b'x', 2),
    'ping': frame(b'', 9),
    'fragment': b'\x02' + frame(b'', 2)[1:] + b'\x80' + frame(b'', 2)[1:],
    'large': frame(bytes(2**16), 2),
}
WRITE_BYTES = 2**18


def main(port: int, token: str, kind: str) -> None:
    with socket.create_connection(('127.0.0.1', port), timeout=60) as client:
        client.sendall(upgrade(f'/?token={token}'))
        receive_until(client, b'\r\n\r\n')
        threading.Thread(target=_read, args=(client,), daemon=True).start()
        one = KINDS[kind]
        data = one * (WRITE_BYTES // len(one) or 1)
        print('Flooding', flush=True)
        while True:
            client.sendall(data)


def _read(client: socket.socket) -> None:
    """Read all answers; otherwise the proxy stops reading this client."""
    while client.recv(WRITE_BYTES):
        pass


if __name__ == '__main__':
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
