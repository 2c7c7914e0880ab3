# SPDX-License-Identifier: Apache-2.0
"""The API with constant answers of compute hosts."""

import uuid
from unittest import mock

from console_ext.cmd.wsgi import application
from console_ext.rpc.client import ComputeClient

__all__ = ['application']


def constant(*_args: object) -> dict[str, object]:
    token = str(uuid.uuid4())
    return {
        'host': '127.0.0.1',
        'port': 10001,
        'internal_access_path': None,
        'token': token,
        'access_url': f'ws://127.0.0.1:6083/?token={token}',
    }


mock.patch.object(ComputeClient, '_make', constant).start()
