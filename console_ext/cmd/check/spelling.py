# SPDX-License-Identifier: Apache-2.0
"""Finds misspelled options in configuration files.

oslo.config silently ignores unknown options, so that a misspelled option keeps its
default.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from oslo_config import cfg

from console_ext import conf as config

# Groups that only have options of this package.
_OURS_ALONE = frozenset({'console_proxy', 'console_rpc', 'console_tokens', 'inventory'})

# Other groups also have options of Nova that are unknown here.  There an unknown option
# only counts as misspelled if its name is similar to a known one.
_RESEMBLANCE = 0.85
_SHORTEST = 5


def misspelled(conf: cfg.ConfigOpts, path: str) -> Iterator[str]:
    """Yield a text for each probably misspelled option or section of a file.

    :raises oslo_config.cfg.Error: the file cannot be read
    """
    sections: dict[str, dict[str, list[str]]] = {}
    cfg.ConfigParser(path, sections).parse()
    groups = {group or 'DEFAULT': opts for group, opts in config.list_opts()}
    for section, options in sections.items():
        if section not in groups:
            group = _resembling(section, groups)
            if group is not None:
                yield f'{path}: unknown section [{section}]; did you mean [{group}]?'
            continue
        ours = {opt.dest for opt in groups[section]}
        known = set(conf if section == 'DEFAULT' else conf[section])
        if section == 'DEFAULT':
            # oslo.messaging's options are not registered yet, because Nova must set
            # their defaults first.
            ours.add('transport_url')
            known.add('transport_url')
        for name in options:
            if name.replace('-', '_') in known:
                continue
            meant = _resembling(name, ours)
            if meant is not None:
                yield (
                    f'{path}: unknown option [{section}] {name}; did you mean {meant}?'
                )
            elif section in _OURS_ALONE:
                yield f'{path}: unknown option [{section}] {name}; remove it'


def _resembling(name: str, names: Iterable[str]) -> str | None:
    candidates = [one for one in names if len(one) >= _SHORTEST]
    found = difflib.get_close_matches(name, candidates, n=1, cutoff=_RESEMBLANCE)
    return found[0] if found else None
