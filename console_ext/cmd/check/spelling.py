# SPDX-License-Identifier: Apache-2.0
"""Options in configuration files that nobody reads.

oslo.config passes over what it does not know: a typing error leaves the default in
force, and nobody says so.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from oslo_config import cfg

from console_ext import conf as config

# Groups in which nobody else has options.
_OURS_ALONE = frozenset({'console_proxy', 'console_rpc', 'console_tokens', 'inventory'})

# Nova's files have options that are not ours, in groups of the same names as ours; so
# there only what resembles one of ours is taken for a typing error.
_RESEMBLANCE = 0.85
_SHORTEST = 5


def misspelt(conf: cfg.ConfigOpts, path: str) -> Iterator[str]:
    """What is in a file and is probably meant for this package.

    :raises oslo_config.cfg.Error: the file cannot be read
    """
    sections: dict[str, dict[str, list[str]]] = {}
    cfg.ConfigParser(path, sections).parse()
    groups = {group or 'DEFAULT': opts for group, opts in config.list_opts()}
    for section, options in sections.items():
        if section not in groups:
            group = _resembling(section, groups)
            if group is not None:
                yield f'{path} has a section [{section}]: is [{group}] meant?'
            continue
        ours = {opt.dest for opt in groups[section]}
        known = set(conf if section == 'DEFAULT' else conf[section])
        if section == 'DEFAULT':
            # oslo.messaging's, whose options Nova has to set defaults of first.
            ours.add('transport_url')
            known.add('transport_url')
        for name in options:
            if name.replace('-', '_') in known:
                continue
            meant = _resembling(name, ours)
            if meant is not None:
                yield f'{path}: [{section}] {name} is no option: is {meant} meant?'
            elif section in _OURS_ALONE:
                yield f'{path}: [{section}] {name} is no option'


def _resembling(name: str, names: Iterable[str]) -> str | None:
    candidates = [one for one in names if len(one) >= _SHORTEST]
    found = difflib.get_close_matches(name, candidates, n=1, cutoff=_RESEMBLANCE)
    return found[0] if found else None
