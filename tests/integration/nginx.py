# SPDX-License-Identifier: Apache-2.0
"""A reverse proxy that terminates TLS."""

from __future__ import annotations

import ssl
from pathlib import Path

from tests.parts.authority import self_signed
from tests.parts.programs import Programs, free_port, listens
from tests.parts.waiting import wait_for

PROGRAM = Path('/usr/sbin/nginx')

_CONFIG = """\
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  proxy_temp_path {directory}/proxy;
  fastcgi_temp_path {directory}/fastcgi;
  uwsgi_temp_path {directory}/uwsgi;
  scgi_temp_path {directory}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {directory}/cert.pem;
    ssl_certificate_key {directory}/key.pem;
    location {prefix} {{
      proxy_pass http://127.0.0.1:{proxy_port}/;
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_set_header X-Forwarded-For $remote_addr;
    }}
  }}
}}
"""


class Nginx:
    """Takes the prefix off the path, and adds where a request is from.

    :param directory: its own
    """

    PREFIX = '/consoles/'

    def __init__(self, directory: Path, programs: Programs):
        self._directory = directory
        self._programs = programs
        self._port = free_port()
        directory.mkdir()
        cert_file, _ = self_signed(directory)
        self.context = ssl.create_default_context(cafile=str(cert_file))

    def url(self, scheme: str) -> str:
        return f'{scheme}://127.0.0.1:{self._port}{self.PREFIX}'

    def start(self, port: int) -> None:
        """Start, and forward all requests to a port of 127.0.0.1."""
        config = self._directory / 'nginx.conf'
        config.write_text(
            _CONFIG.format(
                directory=self._directory,
                port=self._port,
                proxy_port=port,
                prefix=self.PREFIX,
            )
        )
        nginx = self._programs.start_program(
            str(PROGRAM), '-p', str(self._directory), '-c', str(config)
        )
        wait_for(lambda: nginx.process.poll() is not None or listens(self._port))
        assert nginx.process.poll() is None, nginx.log
