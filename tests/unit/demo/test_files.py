# SPDX-License-Identifier: Apache-2.0
"""The configuration of the demo."""

from console_ext import conf as config
from console_ext.demo import files
from console_ext.inventory import Inventory

PORTS = files.Ports(api=1, serial=2, spice=3, vnc=4)


def test_configuration(tmp_path):
    """It can be read as an operator's configuration, and the ports are set."""
    conf = config.load([str(files.write(tmp_path, PORTS, []))])
    assert (conf.api.listen_host, conf.api.listen_port) == ('127.0.0.1', 1)
    assert conf.serial_console.serialproxy_port == 2
    assert conf.serial_console.base_url == 'ws://127.0.0.1:2/'
    assert conf.spice.html5proxy_port == 3
    assert conf.spice.html5proxy_base_url == 'http://127.0.0.1:3/spice_auto.html'
    assert conf.vnc.novncproxy_port == 4
    assert conf.vnc.novncproxy_base_url == 'http://127.0.0.1:4/vnc_lite.html'
    assert conf.api.auth_strategy == 'noauth'


def test_its_servers_are_on_its_host(tmp_path):
    """They belong to the project of requests without a token."""
    shared = {'serial': {'host': '127.0.0.1', 'port': 4}}
    servers = [files.server(number, 'x', consoles=shared) for number in (1, 2)]
    conf = config.load([str(files.write(tmp_path, PORTS, servers))])
    for entry in Inventory(conf):
        assert entry.host == conf.host
        assert entry.project_id == conf.api.noauth_project_id
        assert entry.endpoint('serial').port == 4


def test_the_log_is_a_file(tmp_path):
    """The log file is in the directory of the configuration."""
    log = files.log_of(tmp_path)
    path = files.write(tmp_path, PORTS, [])
    assert log == tmp_path / 'console_ext.log'
    assert f'log_file = {log}\n' in path.read_text()
