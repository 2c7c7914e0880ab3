# SPDX-License-Identifier: Apache-2.0
"""nova-serialproxy or nova-novncproxy with its token table in SQLite.

``python nova_proxy.py DIRECTORY PORT TYPE TOKEN GUEST_PORT``, with Nova's own Python.
TYPE is serial or novnc.  It is faster than in production, because the look-up of the
instance and the call to its compute host are omitted.
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
from nova.console.securityproxy import rfb
from nova.db.main import api, models

SECURITY = {'serial': None, 'novnc': rfb.RFBSecurityProxy}


def main(
    directory: str, port: str, console_type: str, token: str, guest_port: str
) -> None:
    conf = nova.conf.CONF
    conf.set_default('web', None)
    config_file = Path(directory) / 'nova.conf'
    config_file.touch()
    config.parse_args(
        ['nova-proxy'], [str(config_file)], configure_db=False, init_rpc=False
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
                console_type=console_type,
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
    security = SECURITY[console_type]
    baseproxy.proxy('127.0.0.1', int(port), security() if security else None)


if __name__ == '__main__':
    main(*sys.argv[1:])
