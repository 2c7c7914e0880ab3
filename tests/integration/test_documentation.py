# SPDX-License-Identifier: Apache-2.0
"""Runs the documented examples for database servers and nginx."""

from __future__ import annotations

import subprocess

import pytest
import sqlalchemy as sa

from tests.integration.nginx import PROGRAM
from tests.parts import documentation
from tests.parts.programs import check, manage

PAGE = 'install/proxy.rst'


@pytest.mark.parametrize(
    ('server', 'begins', 'shown'),
    [
        ('mariadb', 'CREATE DATABASE', 'mysql+pymysql://console_ext:password@'),
        ('postgresql', 'CREATE ROLE', 'postgresql+psycopg2://console_ext:password@'),
    ],
)
def test_database(server, begins, shown, deployment, request):
    """The statements create a database whose user can create and use the tables."""
    running = request.getfixturevalue(server)
    (block,) = [
        one.text
        for one in documentation.blocks(documentation.SOURCE / PAGE)
        if one.text.startswith(begins)
    ]
    admin = sa.create_engine(running.url(), isolation_level='AUTOCOMMIT')
    with admin.connect() as connection:
        for statement in block.split(';'):
            if statement.strip():
                connection.exec_driver_sql(statement.replace('%', '%%'))
    admin.dispose()
    deployment.configure(
        database={'connection': f'{shown}127.0.0.1:{running.port}/console_ext'}
    )
    files = [deployment.config_file]
    done = manage(files, 'db', 'sync')
    assert (done.returncode, done.stderr) == (0, '')
    assert check(files)['store'].startswith('ok     version ')


def test_nginx(tmp_path):
    """nginx accepts the location."""
    if not PROGRAM.exists():
        pytest.skip('nginx is not installed')
    location = documentation.block('admin/tls.rst', 'location /consoles/ {')
    config = tmp_path / 'nginx.conf'
    config.write_text(
        f'pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\nevents {{ }}\n'
        f'http {{ server {{ listen 127.0.0.1:1;\n{location} }} }}\n'
    )
    done = subprocess.run(
        [PROGRAM, '-t', '-p', tmp_path, '-c', config],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
