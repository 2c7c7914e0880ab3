# SPDX-License-Identifier: Apache-2.0
"""Where the look-up finds a server: in its cell, or in none yet.

By its name this module runs last: its servers are in every list.
"""

from __future__ import annotations

import pytest

from tests.deployment import Deployment, server
from tests.integration.nova.client import Client
from tests.integration.nova.test_running_into_faults import (
    SOON_S,
    held,
    timed,
)
from tests.integration.rabbitmq import Broker
from tests.integration.tokens.servers import MariaDB

IN_CELL2 = '61'
UNSCHEDULED = '62'


@pytest.fixture(scope='module')
def cell2(cloud, tmp_path_factory):
    """A second cell, with a broker of its own and our agent as its compute host."""
    elsewhere = server(IN_CELL2, host='compute-9')
    broker = Broker(tmp_path_factory.mktemp('cell2'))
    database = MariaDB()
    try:
        broker.start()
        cloud.add_cell('cell2', broker.url, database)
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
        yield database
    finally:
        broker.stop()
        database.close()


def test_second_cell(by_nova, cell2):
    """Its host is asked on its own bus; the first cell's goes on as before."""
    for number, url in ((IN_CELL2, 'ws://cell2.example/'), ('01', 'ws://127.0.0.1')):
        response = Client(by_nova).console(number)
        assert response.status_code == 200, response.text
        assert response.json()['console']['url'].startswith(url)


@pytest.mark.timeout(240)
def test_cell_database_goes_and_comes(cloud, impatient, cell2):
    """Its servers cannot be looked up then; those of other cells can."""
    client = Client(impatient)
    for number in (IN_CELL2, '01'):
        assert timed(client, number)[0] == 200
    threads, files = held(cloud, impatient)
    for away, back in ((cell2.freeze, cell2.thaw), (cell2.stop, cell2.start)):
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
    # The look-ups that were given up took a thread and a connection each.
    assert now_threads <= threads + 3
    assert now_files <= files + 4


@pytest.fixture(scope='module')
def unscheduled(cloud):
    cloud.seed([{**server(UNSCHEDULED, host=None, vm_state='building'), 'cell': None}])


def test_unscheduled_server(plain, filtered, unscheduled):
    """It is in no cell yet, and so has no host; Nova says the same."""
    answers = [Client(url).console(UNSCHEDULED) for url in (plain, filtered)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].json() == answers[1].json()
    by = Client(filtered).console(UNSCHEDULED, by='bob')
    assert by.status_code == 404
