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

# What a VNC console is shown in: one page, by all the names that noVNC's pages have.
VNC = ('/vnc_lite.html', '/vnc_auto.html', '/vnc.html')

MAX_MODULES = 200
MAX_MODULE_BYTES = 2**20

# Of a file, by its path from the one that imports it.
_IMPORT = re.compile(r"""\bfrom\s+['"](\.{1,2}/[\w./-]+\.js)['"]""")

TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
}


@dataclass(frozen=True, slots=True)
class Page:
    """
    :param headers: besides those that every response has, or in their place
    :param gzip: the same body, for clients that take it compressed; the headers then
        have it in ``Vary``
    """

    body: bytes
    headers: tuple[tuple[str, str], ...]
    status: int = 200
    gzip: bytes | None = None


def text(sentence: str, status: int = 200) -> Page:
    headers = (('Content-Type', 'text/plain; charset=utf-8'),)
    return Page(f'{sentence}\n'.encode(), headers, status)


def health() -> Mapping[str, Page]:
    return {HEALTH: text('OK')}


def spice(web: Path, origins: AllowedOrigins) -> Mapping[str, Page]:
    """Our page, and the modules of spice-html5 that it loads.

    :param web: the directory of spice-html5, or its ``src``
    :param origins: whose pages may show ours in a frame, as a dashboard does
    """
    # Unlike Path.is_dir, this raises for no name.
    source = web / 'src' if os.path.isdir(web / 'src') else web
    modules = _modules('/spice-html5/', source, ['main.js', 'enums.js'])
    if not modules:
        LOG.warning(
            '[spice] html5proxy_web: spice-html5 is not in %s; SPICE consoles have no '
            'page',
            web,
        )
        missing = text('spice-html5 is not installed beside this proxy.', 503)
        return {**health(), SPICE: missing}
    # The guest's pointer and its lossy pictures, and its sound.
    policy = security_policy(origins, 'img-src data: blob:', 'media-src blob:')
    files = {f'/{name}': _file(name) for name in ('console.css', 'console.js')}
    page = _file('spice_auto.html', policy)
    return {**health(), **files, SPICE: page, **modules}


def vnc(web: Path, origins: AllowedOrigins) -> Mapping[str, Page]:
    """Our page, and the modules of noVNC that it loads.

    :param web: the directory of noVNC
    :param origins: whose pages may show ours in a frame, as a dashboard does
    """
    modules = _modules('/novnc/', web, ['core/rfb.js'])
    if not modules:
        LOG.warning(
            '[vnc] novncproxy_web: noVNC is not in %s; VNC consoles have no page', web
        )
        missing = text('noVNC is not installed beside this proxy.', 503)
        return {**health(), **dict.fromkeys(VNC, missing)}
    # The guest's pointer and its lossy pictures.
    policy = security_policy(
        origins, 'img-src data:', "require-trusted-types-for 'script'"
    )
    files = {f'/{name}': _file(name) for name in ('console.css', 'vnc.css', 'vnc.js')}
    page = _file('vnc_lite.html', policy)
    return {**health(), **files, **dict.fromkeys(VNC, page), **modules}


def _file(name: str, policy: str | None = None) -> Page:
    """
    :param name: of a file of ours
    :param policy: the content security policy of a page
    """
    file = importlib.resources.files('console_ext.proxy').joinpath('web', name)
    headers = [('Content-Type', TYPES[Path(name).suffix])]
    if policy is not None:
        headers.append(('Content-Security-Policy', policy))
    return Page(file.read_bytes(), tuple(headers))


def security_policy(frame_ancestors: AllowedOrigins, *more: str) -> str:
    """What a page of ours may load, and who may show it.

    :param more: directives of this page
    """
    return '; '.join(
        [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            *more,
            "base-uri 'none'",
            "form-action 'none'",
            f'frame-ancestors {" ".join(frame_ancestors.sources())}',
        ]
    )


def _modules(
    location: str, directory: Path, wanted: Iterable[str]
) -> Mapping[str, Page]:
    """What our page imports of a package, and what that imports; nothing else of it.

    :param location: where the page finds the package
    :param wanted: the modules that our page imports, by their paths in the directory
    :returns: none where one is missing
    """
    headers = (('Content-Type', TYPES['.js']),)
    modules: dict[str, Page] = {}
    names = [*wanted]
    while names and len(modules) < MAX_MODULES:
        name = names.pop()
        path = f'{location}{name}'
        if path in modules:
            continue
        try:
            with (directory / name).open('rb') as file:
                body = file.read(MAX_MODULE_BYTES)
        except OSError as error:
            LOG.warning('%s: %s', directory / name, error.strerror)
            return {}
        modules[path] = Page(body, headers)
        here = posixpath.dirname(name)
        imported = (
            posixpath.normpath(posixpath.join(here, reference))
            for reference in _IMPORT.findall(body.decode('utf-8', 'replace'))
        )
        # Nothing outside the package.
        names += [name for name in imported if not name.startswith('../')]
    return modules
