# SPDX-License-Identifier: Apache-2.0
"""The pages of a listener: a fixed table, made at the start.

No path of a request ever becomes the path of a file.
"""

from __future__ import annotations

import importlib.resources
import logging
import os
import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from console_ext.proxy.admission.origin import AllowedOrigins

LOG = logging.getLogger(__name__)

HEALTH = '/healthcheck'

# What a SPICE console is shown in.
SPICE = '/spice_auto.html'

# Where the page finds spice-html5's modules.
MODULES = '/spice-html5/'

MAX_MODULES = 200
MAX_MODULE_BYTES = 2**20

# Only from its own directory, or one below it.
_IMPORT = re.compile(r"""\bfrom\s+['"]\./([\w-]+(?:/[\w-]+)*\.js)['"]""")

_TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
}


@dataclass(frozen=True, slots=True)
class Page:
    """
    :param headers: besides those that every response has
    """

    body: bytes
    headers: tuple[tuple[str, str], ...]
    status: int = 200


def _text(sentence: str, status: int = 200) -> Page:
    headers = (('Content-Type', 'text/plain; charset=utf-8'),)
    return Page(f'{sentence}\n'.encode(), headers, status)


def health() -> Mapping[str, Page]:
    return {HEALTH: _text('OK')}


def spice(web: Path, origins: AllowedOrigins) -> Mapping[str, Page]:
    """Our page, and the modules of spice-html5 that it loads.

    :param web: the directory of spice-html5, or its ``src``
    :param origins: whose pages may show ours in a frame, as a dashboard does
    """
    modules = _modules(web)
    if not modules:
        LOG.warning(
            '[spice] html5proxy_web: spice-html5 is not in %s; SPICE consoles have no '
            'page',
            web,
        )
        missing = _text('spice-html5 is not installed beside this proxy.', 503)
        return {**health(), SPICE: missing}
    policy = _security_policy(origins.sources())
    return {**health(), **_ours(policy), **modules}


def _ours(policy: str) -> Mapping[str, Page]:
    directory = importlib.resources.files('console_ext.proxy').joinpath('web')
    pages = {}
    for entry in directory.iterdir():
        kind = _TYPES.get(Path(entry.name).suffix)
        if kind is not None:
            headers = [('Content-Type', kind)]
            if entry.name.endswith('.html'):
                headers.append(('Content-Security-Policy', policy))
            pages[f'/{entry.name}'] = Page(entry.read_bytes(), tuple(headers))
    return pages


def _security_policy(frame_ancestors: Iterable[str]) -> str:
    return '; '.join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            # The guest's pointer and its lossy pictures.
            'img-src data: blob:',
            # The guest's sound.
            'media-src blob:',
            "base-uri 'none'",
            "form-action 'none'",
            f'frame-ancestors {" ".join(frame_ancestors)}',
        ]
    )


def _modules(web: Path) -> Mapping[str, Page]:
    """What our page imports, and what that imports; nothing else of the package."""
    # Unlike Path.is_dir, this raises for no name.
    source = web / 'src' if os.path.isdir(web / 'src') else web
    headers = (('Content-Type', _TYPES['.js']),)
    modules: dict[str, Page] = {}
    wanted = ['main.js', 'enums.js']
    while wanted and len(modules) < MAX_MODULES:
        name = wanted.pop()
        path = f'{MODULES}{name}'
        if path in modules:
            continue
        try:
            with (source / name).open('rb') as file:
                body = file.read(MAX_MODULE_BYTES)
        except OSError as error:
            LOG.warning('%s: %s', source / name, error.strerror)
            return {}
        modules[path] = Page(body, headers)
        here = posixpath.dirname(name)
        wanted += [
            posixpath.normpath(posixpath.join(here, imported))
            for imported in _IMPORT.findall(body.decode('utf-8', 'replace'))
        ]
    return modules
