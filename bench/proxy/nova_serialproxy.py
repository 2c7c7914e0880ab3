# SPDX-License-Identifier: Apache-2.0
"""nova-serialproxy with its token table in SQLite, run by Nova's own Python.

``python nova_serialproxy.py DIRECTORY PORT TOKEN GUEST_PORT``.  It is faster than in
production, because the look-up of the instance and the call to its compute host are
omitted.
"""

# ruff: noqa: E402 - Nova's programs begin with this, too.
from nova import monkey_patch

monkey_patch.patch()

import hashlib
import sys
import time
import uuid
from pathlib import Path

import nova.conf
from nova import config
from nova.cmd import baseproxy
from nova.console import websocketproxy
from nova.db.main import api, models


def main(directory: str, port: str, token: str, guest_port: str) -> None:
    conf = nova.conf.CONF
    conf.set_default('web', None)
    config_file = Path(directory) / 'nova.conf'
    config_file.touch()
    config.parse_args(
        ['nova-serialproxy'], [str(config_file)], configure_db=False, init_rpc=False
    )
    connection = f'sqlite:///{directory}/nova.db'
    conf.set_override('connection', connection, group='database')
    api.configure(conf)
    engine = api.get_engine()
    table = models.ConsoleAuthToken.__table__
    models.BASE.metadata.create_all(engine, [models.Instance.__table__, table])
    with engine.begin() as database:
        database.execute(
            table.insert().values(
                token_hash=hashlib.sha256(token.encode()).hexdigest(),
                console_type='serial',
                host='127.0.0.1',
                port=int(guest_port),
                instance_uuid=str(uuid.uuid4()),
                expires=int(time.time()) + 86400,
                access_url_base='ws://127.0.0.1/',
            )
        )
    engine.dispose()
    websocketproxy.NovaProxyRequestHandler._check_console_port = lambda *_: True
    print('Listening', flush=True)
    baseproxy.proxy('127.0.0.1', int(port))


if __name__ == '__main__':
    main(*sys.argv[1:])
