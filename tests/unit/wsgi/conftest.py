# SPDX-License-Identifier: Apache-2.0
import pytest

from tests.unit.wsgi.host import Host


@pytest.fixture
def host(deployment):
    return Host(deployment.conf())
