# SPDX-License-Identifier: Apache-2.0
"""The filter does nothing in nova-api before a request, and how it fails."""

from __future__ import annotations

import time

import pytest

from tests.integration.nova.test_running_into_faults import held
from tests.parts import nova as clouds

START_S = 10

ERROR = 'console_ext.exceptions.ConfigurationError'


def test_nothing_before_the_first_request(cloud):
    """The filter starts no thread and opens no connection."""
    conf = clouds.console_ext('nova')
    urls = [
        cloud.start_api('guest-none', clouds.paste()),
        cloud.start_api_with_filter('guest', conf),
    ]
    deadline = time.monotonic() + START_S
    # uwsgi's own threads take a moment to start.
    while held(cloud, urls[0]) != held(cloud, urls[1]):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for url in urls:
        cloud.stop_program(cloud.program_of(url))


@pytest.mark.parametrize(
    ('more', 'says'),
    [
        ('[api]\nservers = x\n', 'no installed package has this entry point in'),
        ('[api]\ndisabled_extensions = x\n', 'disabled_extensions'),
    ],
)
def test_what_cannot_be_loaded_stops_nova(cloud, more, says, tmp_path):
    """The start fails with one line."""
    conf = clouds.console_ext('nova', more)
    with pytest.raises(AssertionError) as caught:
        cloud.start_api_with_filter(f'wrong-{tmp_path.name}', conf)
    log = str(caught.value)
    lines = {one.partition(ERROR)[2] for one in log.splitlines() if f'{ERROR}:' in one}
    assert len(lines) == 1
    assert says in lines.pop()
