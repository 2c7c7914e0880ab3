# SPDX-License-Identifier: Apache-2.0
"""The minimal compute API, behind the whole pipeline."""

import pytest

from console_ext.wsgi import deploy
from tests.wsgi_client import ALICE, ask, fault


@pytest.fixture
def application(deployment):
    return deploy.load_app(deployment.conf())


def test_query_that_is_not_utf8_is_refused(application):
    """A percent-encoded byte that is no UTF-8 is the client's fault, not ours."""
    response = ask(application, '/v2.1/servers?name=%ff', token=ALICE)
    assert response.status_int == 400
    assert fault(response) == ('badRequest', 'The query is not UTF-8')
