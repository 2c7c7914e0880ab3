# SPDX-License-Identifier: Apache-2.0
"""The programs: here the parts are put together, and nothing imports these."""

import sys

from oslo_service import backend

# A process of ours runs native threads only.  oslo.messaging imports oslo.service,
# whose default is still eventlet, and futurist, which imports eventlet wherever it
# finds it; so both are told before any module of a program is imported.
sys.modules.setdefault('eventlet', None)  # type: ignore[arg-type]
backend.register_backend_default_hook(lambda: backend.BackendType.THREADING)
