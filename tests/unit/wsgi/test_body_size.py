# SPDX-License-Identifier: Apache-2.0
"""How long a request body may be."""

from console_ext.wsgi.body_size import max_body_bytes

# oslo.middleware's default.
LIMIT = 114688


def test_limit_of_the_configuration(deployment):
    """The option is oslo.middleware's, and so is its default."""
    assert max_body_bytes(deployment.conf()) == LIMIT
    deployment.configure(oslo_middleware={'max_request_body_size': 7})
    assert max_body_bytes(deployment.conf()) == 7
