# SPDX-License-Identifier: Apache-2.0
"""Which JavaScript modules a module imports, directly or indirectly."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

MAX_MODULES = 200

# Finds the relative paths that a module imports.
_IMPORT = re.compile(r"""\bfrom\s+['"](\.{1,2}/[\w./-]+\.m?js)['"]""")


def reached(name: str, read: Callable[[str], bytes | None]) -> set[str]:
    """Return the paths of a module and of all modules that it imports.

    :param name: the path of the module in its directory; a path outside of that is not
        followed
    :param read: returns the content of a module in the directory; None to leave it out
    """
    found: set[str] = set()
    names = [name]
    while names and len(found) < MAX_MODULES:
        name = names.pop()
        if name in found:
            continue
        body = read(name)
        if body is None:
            continue
        found.add(name)
        here = posixpath.dirname(name)
        imported = (
            posixpath.normpath(posixpath.join(here, reference))
            for reference in _IMPORT.findall(body.decode('utf-8', 'replace'))
        )
        names += [one for one in imported if not one.startswith('../')]
    return found
