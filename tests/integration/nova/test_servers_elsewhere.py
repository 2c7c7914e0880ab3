# SPDX-License-Identifier: Apache-2.0
"""Where the look-up finds a server: in its cell, or in none yet.

By its name this module runs last: its servers are in every list.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.integration.nova import proxies
from tests.integration.nova.client import Client
from tests.integration.nova.test_running_into_faults import (
    SOON_S,
    held,
    timed,
)
from tests.parts.databases import MariaDB
from tests.parts.deployment import Deployment, server
from tests.parts.peers import Guest
from tests.parts.rabbitmq import Broker

IN_CELL2 = '61'
UNSCHEDULED = '62'


@dataclass(frozen=True, slots=True)
class Cell:
    id: str
    bus_url: str
    database: MariaDB


@pytest.fixture(scope='module')
def guest():
    made = Guest()
    yield made
    made.close()


@pytest.fixture(scope='module')
def cell2(cloud, guest, tmp_path_factory):
    """A second cell with a broker of its own and our agent as its compute host."""
    console = {'host': '127.0.0.1', 'port': guest.port}
    elsewhere = server(IN_CELL2, host='compute-9', consoles={'serial': console})
    broker = Broker(tmp_path_factory.mktemp('cell2'))
    database = cloud.new_database_server()
    try:
        broker.start()
        cell_id = cloud.add_cell('cell2', broker.url, database)
        cloud.seed([{**elsewhere, 'cell': 'cell2'}])
        deployment = Deployment(tmp_path_factory.mktemp('agent'))
        deployment.write_inventory([elsewhere])
        deployment.configure(
            DEFAULT={'host': 'compute-9', 'transport_url': broker.url},
            serial_console={'base_url': 'ws://cell2.example/'},
        )
        agent = cloud.start_program(
            'console-ext-agent', '--config-file', deployment.config_file
        )
        agent.wait_for('Answering for compute host')
        yield Cell(cell_id, broker.url, database)
    finally:
        broker.stop()


def test_second_cell(by_nova, cell2):
    """The host is called on its own bus; the first cell works as before."""
    for number, url in ((IN_CELL2, 'ws://cell2.example/'), ('01', 'ws://127.0.0.1')):
        response = Client(by_nova).console(number)
        assert response.status_code == 200, response.text
        assert response.json()['console']['url'].startswith(url)


def test_console_of_a_second_cell_opens(tmp_path, cloud, storing, store, cell2, guest):
    """The proxy calls the host on the bus of its cell, if cell_bus has it."""
    url = Client(storing).console(IN_CELL2).json()['console']['url']
    query = url.partition('?')[2]
    with (
        proxies.running(tmp_path, cloud, store) as (proxy, _),
        pytest.raises(InvalidStatus) as caught,
    ):
        connect(f'{proxies.websocket_url(proxy, "serial")}/?{query}')
    assert caught.value.response.status_code == 503
    assert guest.accepted == 0
    bus = {'cell_bus': f'{cell2.id} {cell2.bus_url}'}
    with proxies.running(tmp_path, cloud, store, console_rpc=bus) as (proxy, _):
        url = proxies.websocket_url(proxy, 'serial')
        with connect(f'{url}/?{query}', proxy=None) as client:
            client.send(b'hello')
            assert client.recv(timeout=5) == b'hello'


@pytest.mark.timeout(240)
def test_cell_database_goes_and_comes(cloud, impatient, cell2):
    """Only servers of this cell cannot be looked up meanwhile."""
    client = Client(impatient)
    for number in (IN_CELL2, '01'):
        assert timed(client, number)[0] == 200
    threads, files = held(cloud, impatient)
    database = cell2.database
    for away, back in (
        (database.freeze, database.thaw),
        (database.stop, database.start),
    ):
        away()
        try:
            for _ in range(2):
                status, seconds = timed(client, IN_CELL2)
                assert (status, seconds < SOON_S) == (503, True)
                assert timed(client)[0] == 200
        finally:
            back()
        assert timed(client, IN_CELL2)[0] == 200
    now_threads, now_files = held(cloud, impatient)
    # Each abandoned look-up used a thread and a connection.
    assert now_threads <= threads + 3
    assert now_files <= files + 4


@pytest.fixture(scope='module')
def unscheduled(cloud):
    cloud.seed([{**server(UNSCHEDULED, host=None, vm_state='building'), 'cell': None}])


def test_unscheduled_server(plain, filtered, unscheduled):
    """It is in no cell and on no host; Nova gives the same error."""
    answers = [Client(url).console(UNSCHEDULED) for url in (plain, filtered)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()
    by = Client(filtered).console(UNSCHEDULED, by='bob')
    assert by.status_code == 404
