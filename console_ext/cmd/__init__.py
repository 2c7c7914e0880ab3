# SPDX-License-Identifier: Apache-2.0
"""The programs, which assemble the parts.  No other part imports them."""

import sys

from oslo_service import backend

# These programs use native threads, never eventlet.  oslo.messaging imports
# oslo.service, whose default backend is still eventlet, and futurist, which imports
# eventlet if it is installed.  Both settings must precede these imports.
sys.modules.setdefault('eventlet', None)  # type: ignore[arg-type]
backend.register_backend_default_hook(lambda: backend.BackendType.THREADING)
