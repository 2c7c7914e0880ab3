# SPDX-License-Identifier: Apache-2.0
"""The pages of a listener: a fixed table, built at the start.

The path of a request is never used as the path of a file.
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

_NOT_INSTALLED = '{} is not installed on this proxy. Tell the operator of the cloud.'

# The page of SPICE consoles.
SPICE = '/spice_auto.html'

# The page of VNC consoles, under all names that noVNC's own pages have.
VNC = ('/vnc_lite.html', '/vnc_auto.html', '/vnc.html')

MAX_MODULES = 200
MAX_MODULE_BYTES = 2**20

# Finds the relative paths that a module imports.
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
    :param headers: added to the default headers; one of the same name replaces it
    :param gzip: the compressed body, for clients that accept gzip; ``headers`` then
        have to contain ``Vary``
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
    :param origins: web sites that may show our page in a frame, such as a dashboard
    """
    # Unlike Path.is_dir, os.path.isdir never raises.
    source = web / 'src' if os.path.isdir(web / 'src') else web
    modules = _modules('/spice-html5/', source, ['main.js', 'enums.js'])
    if not modules:
        LOG.warning(
            '[spice] html5proxy_web: spice-html5 is not in %s, so SPICE consoles have '
            'no page. Install spice-html5, or set this option to its directory.',
            web,
        )
        missing = text(_NOT_INSTALLED.format('spice-html5'), 503)
        return {**health(), SPICE: missing}
    # The guest's pointer and its lossy pictures are data: or blob:, its sound is blob:.
    policy = security_policy(origins, 'img-src data: blob:', 'media-src blob:')
    files = {f'/{name}': _file(name) for name in ('console.css', 'console.js')}
    page = _file('spice_auto.html', policy)
    return {**health(), **files, SPICE: page, **modules}


def vnc(web: Path, origins: AllowedOrigins) -> Mapping[str, Page]:
    """Our page, and the modules of noVNC that it loads.

    :param web: the directory of noVNC
    :param origins: web sites that may show our page in a frame, such as a dashboard
    """
    modules = _modules('/novnc/', web, ['core/rfb.js'])
    if not modules:
        LOG.warning(
            '[vnc] novncproxy_web: noVNC is not in %s, so VNC consoles have no page. '
            'Install noVNC, or set this option to its directory.',
            web,
        )
        missing = text(_NOT_INSTALLED.format('noVNC'), 503)
        return {**health(), **dict.fromkeys(VNC, missing)}
    # The guest's pointer and its lossy pictures are data: URLs.
    policy = security_policy(
        origins, 'img-src data:', "require-trusted-types-for 'script'"
    )
    files = {f'/{name}': _file(name) for name in ('console.css', 'vnc.css', 'vnc.js')}
    page = _file('vnc_lite.html', policy)
    return {**health(), **files, **dict.fromkeys(VNC, page), **modules}


def _file(name: str, policy: str | None = None) -> Page:
    """
    :param name: of a file in ``web``
    :param policy: content security policy, for a page
    """
    file = importlib.resources.files('console_ext.proxy').joinpath('web', name)
    headers = [('Content-Type', TYPES[Path(name).suffix])]
    if policy is not None:
        headers.append(('Content-Security-Policy', policy))
    return Page(file.read_bytes(), tuple(headers))


def security_policy(frame_ancestors: AllowedOrigins, *more: str) -> str:
    """The ``Content-Security-Policy`` of one of our pages.

    :param more: further directives of this page
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
    """The modules of a package that our page imports, directly or indirectly.

    :param location: the URL path of the package
    :param wanted: modules that our page imports, as paths in the directory
    :returns: an empty table if a module is missing
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
        # Exclude paths outside the package.
        names += [name for name in imported if not name.startswith('../')]
    return modules
