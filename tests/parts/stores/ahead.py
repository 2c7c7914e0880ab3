# SPDX-License-Identifier: Apache-2.0
"""What a process does whose clock is ahead.

``python -m tests.parts.stores.ahead SECONDS DATABASE TOKEN NEW_TOKEN`` redeems the one
token, issues the other, purges, and prints how many authorizations that deleted.
"""

import sys
import time

ahead_s, connection, token, new_token = sys.argv[1:]
_right = time.time
time.time = lambda: _right() + float(ahead_s)

# Imported later, so that nothing uses the right clock.
from console_ext.store.store import Store  # noqa: E402
from tests.parts.stores import factories  # noqa: E402

store = Store(factories.configuration(connection))
lease = store.redeem(token, 'serial', factories.CLIENT)
assert store.keep([lease]) == {}
store.issue(new_token, factories.authorization(), factories.TTL_S)
print(store.purge())
store.close()
