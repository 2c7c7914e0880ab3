# SPDX-License-Identifier: Apache-2.0
"""The files that our pages load: our own modules, and packages the build fetched.

All files are read at the start.  Their paths contain a version that changes with every
file, so that browsers can cache them for a year and never mix two releases.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.resources
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console_ext.proxy.consoles.pages import TYPES, Page

# The directory in which the build puts fetched packages, below :func:`directory`.
FETCHED = 'assets'

# The last file that the build writes.
STAMP = 'STAMP'

MISSING = (
    'This installation of console_ext was built without its browser pages, because '
    'npm could not fetch the packages that they load. Install a released wheel, or '
    'build again where the npm registry can be reached.'
)

_CACHED = (
    ('Cache-Control', 'public, max-age=31536000, immutable'),
    ('Vary', 'Accept-Encoding'),
)

# Stands in our pages for the path of their modules.
_PLACEHOLDER = b'{web}'


@dataclass(frozen=True, slots=True)
class Assets:
    """
    :param root: path of the modules, relative to the directory of a page
    :param modules: the files, by path
    """

    root: str
    modules: Mapping[str, Page]

    def page(
        self, name: str, headers: Iterable[tuple[str, str]], below: str = ''
    ) -> Page:
        """One of our pages.

        :param headers: have to contain ``Vary``, because the page may be compressed
        :param below: relative path from the page's directory to that of ``root``:
            ``serial/`` for ``/serial``, whose modules are also below that path
        """
        body = directory().joinpath(name).read_bytes()
        body = body.replace(_PLACEHOLDER, f'{below}{self.root}'.encode())
        kind = ('Content-Type', TYPES[Path(name).suffix])
        return Page(body, (kind, *headers), gzip=_gzipped(body))


def directory() -> Path:
    """The directory of our pages; its ``assets`` has the fetched packages."""
    return Path(str(importlib.resources.files('console_ext.proxy').joinpath('web')))


def are_there() -> bool:
    """Whether the build has fetched the packages that our pages load."""
    return (directory() / FETCHED / STAMP).is_file()


def fetched(package: str) -> Path | None:
    """The directory of a package that the build has fetched; None where it has not.

    :param package: its name without a scope
    """
    found = directory() / FETCHED / package
    return found if are_there() and found.is_dir() else None


def load(packages: Iterable[str]) -> Assets | None:
    """Read our modules and those of some packages.

    :param packages: their names, without a scope
    :returns: None if the build has fetched nothing
    """
    if not are_there():
        return None
    web = directory()
    folders = [web / FETCHED / name for name in packages]
    files = [*_files(web.iterdir()), *_below(folders)]
    bodies = {path.relative_to(web).as_posix(): path.read_bytes() for path in files}
    root = f'web/{_version(bodies)}'
    return Assets(
        root,
        {
            f'/{root}/{name}': Page(
                body,
                (('Content-Type', TYPES[Path(name).suffix]), *_CACHED),
                gzip=_gzipped(body, web / f'{name}.gz'),
            )
            for name, body in bodies.items()
        },
    )


def _below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from _files(folder.rglob('*'))


def _files(found: Iterable[Path]) -> Iterator[Path]:
    """The modules and style sheets among these files."""
    for path in sorted(found):
        if path.suffix in TYPES and path.suffix != '.html':
            yield path


def _version(bodies: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, body in bodies.items():
        digest.update(f'{name} {len(body)}\n'.encode())
        digest.update(body)
    return digest.hexdigest()[:16]


def _gzipped(body: bytes, existing: Path | None = None) -> bytes:
    """
    :param existing: the file that the build has compressed, if it has
    """
    if existing is not None and existing.is_file():
        return existing.read_bytes()
    return gzip.compress(body, 9, mtime=0)
