# SPDX-License-Identifier: Apache-2.0
"""The libraries that draw screens: one bundle of the build, or a directory's modules.

Our page loads one module of a library, always at the same path.  It is the bundle, or a
module of ours that imports what our page needs from the others in the directory.
"""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from console_ext.proxy.consoles import assets, imports

LOG = logging.getLogger(__name__)

MAX_MODULE_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Library:
    """
    :param option: that names a directory with its modules
    :param folder: of its modules and of its bundle
    :param module: the one that our page loads
    """

    name: str
    option: str
    folder: str
    module: str


NOVNC = Library('noVNC', '[vnc] novncproxy_web', 'novnc', 'rfb.js')
SPICE_HTML5 = Library(
    'spice-html5', '[spice] html5proxy_web', 'spice-html5', 'spice.js'
)


def find(
    library: Library,
    configured: str | None,
    distribution: Path,
    *,
    prefers_bundle: bool = True,
) -> Mapping[str, Path] | None:
    """The modules that our page needs, by their paths below our modules.

    :param configured: a directory that the operator has chosen, instead of all others
    :param distribution: the directory of the distribution's package
    :param prefers_bundle: whether the bundle comes before that directory
    :returns: None if there are none
    """
    # Unlike Path.is_dir, os.path.isdir never raises.
    if configured is None and (prefers_bundle or not os.path.isdir(distribution)):
        found = bundle(library)
        if found is not None:
            return found
    return modules(library, Path(configured or distribution))


def bundle(library: Library) -> Mapping[str, Path] | None:
    """The bundle, by its path below our modules; None if the build has made none."""
    folder = assets.fetched(library.folder)
    if folder is None:
        return None
    path = folder / library.module
    return {f'{library.folder}/{library.module}': path} if path.is_file() else None


def modules(library: Library, directory: Path) -> Mapping[str, Path] | None:
    """The modules in a directory that our page needs, by their paths below our modules.

    :returns: None if a module is missing
    """
    source = directory / 'src' if os.path.isdir(directory / 'src') else directory

    def path_of(name: str) -> Path:
        ours = name == library.module
        return (assets.directory() / library.folder if ours else source) / name

    def read(name: str) -> bytes:
        path = path_of(name)
        with path.open('rb') as file:
            body = file.read(MAX_MODULE_BYTES + 1)
        if len(body) > MAX_MODULE_BYTES:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return body

    try:
        names = imports.reached(library.module, read)
    except OSError as error:
        LOG.warning(
            '%s: %s is not in %s, so its consoles have no page: %s: %s. Install '
            '%s, or set this option to its directory.',
            library.option,
            library.name,
            directory,
            error.filename,
            error.strerror,
            library.name,
        )
        return None
    return {f'{library.folder}/{name}': path_of(name) for name in names}
