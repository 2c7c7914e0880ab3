# SPDX-License-Identifier: Apache-2.0
"""The limit on request bodies, alone and in its place in the pipeline."""

import pytest

from console_ext.wsgi import deploy
from tests.deployment import server_id
from tests.wsgi_client import ALICE, ask, chunked, fault

LIMIT = 114688
ACTION = f'/v2.1/servers/{server_id("01")}/action'


@pytest.fixture
def pipeline(deployment):
    return deploy.load_app(deployment.conf())


def test_chunked_body_over_the_limit_is_413_through_the_pipeline(pipeline):
    """The limit is met while reading, behind the filter that catches everything."""
    response = ask(
        pipeline,
        ACTION,
        method='POST',
        token=ALICE,
        environ=chunked(b' ' * (LIMIT + 1)),
    )
    assert response.status_int == 413
    assert fault(response) == (
        'overLimit',
        f'Request is too large. Larger than {LIMIT} bytes.',
    )
