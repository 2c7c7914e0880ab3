# SPDX-License-Identifier: Apache-2.0
"""The maximum length of a request body."""

from console_ext.wsgi.body_size import max_body_bytes

# The default of oslo.middleware.
LIMIT = 114688


def test_limit_of_the_configuration(deployment):
    """The option and its default are those of oslo.middleware."""
    assert max_body_bytes(deployment.conf()) == LIMIT
    deployment.configure(oslo_middleware={'max_request_body_size': 7})
    assert max_body_bytes(deployment.conf()) == 7
