# SPDX-License-Identifier: Apache-2.0
"""console-ext-proxy with tokens that are known before, in a process of its own.

Arguments: the port of a guest, a file of its own, and those of the program.  In the
environment: EVENT_LOOP, asyncio or uvloop, and DESCRIPTORS, how many it may have.
"""

from __future__ import annotations

import console_ext.cmd  # noqa: F401  isort: skip

import os
import resource
import sys
from pathlib import Path

from oslo_db import options

from console_ext.cmd import proxy, service
from tests.parts.peers import Computes
from tests.parts.stores import factories

# token-0, token-1, ...
TOKENS = 11000


def main() -> None:
    if os.environ.get('EVENT_LOOP') == 'asyncio':
        # None makes an import of the module fail.
        sys.modules['uvloop'] = None  # type: ignore[assignment]
    if 'DESCRIPTORS' in os.environ:
        most = int(os.environ['DESCRIPTORS'])
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    guest_port, pids = int(sys.argv[1]), Path(sys.argv[2])
    connection = factories.make_database(pids.parent / 'tokens.db')
    tokens = (f'token-{number}' for number in range(TOKENS))
    factories.issue_many(connection, tokens, factories.authorization(port=guest_port))

    def load(conf):
        with pids.open('a') as file:
            file.write(f'{os.getpid()}\n')
        if (pids.parent / 'fail').exists():
            os._exit(3)
        conf.register_opts(options.database_opts, group='database')
        conf.set_override('connection', connection, group='database')
        return proxy.required_store(conf)

    vars(proxy)['ComputeClient'] = lambda conf: _Computes()
    service.main(lambda signals: proxy.serve(signals, sys.argv[3:], load))


class _Computes(Computes):
    def close(self):
        pass


if __name__ == '__main__':
    main()
