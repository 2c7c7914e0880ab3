# SPDX-License-Identifier: Apache-2.0
"""What a process does whose clock is ahead.

``python -m tests.ahead SECONDS DATABASE TOKEN NEW_TOKEN`` redeems the one token, issues
the other, purges, and prints how many authorizations that deleted.
"""

import sys
import time

ahead_s, connection, token, new_token = sys.argv[1:]
_right = time.time
time.time = lambda: _right() + float(ahead_s)

# After that, so that nobody has the right clock.
from console_ext.store.store import Store  # noqa: E402
from tests import stores  # noqa: E402

store = Store(stores.configuration(connection))
lease = store.redeem(token, 'serial', stores.CLIENT)
assert store.keep([lease]) == set()
store.issue(new_token, stores.authorization(), stores.TTL_S)
print(store.purge())
store.close()
