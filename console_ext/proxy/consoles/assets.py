# SPDX-License-Identifier: Apache-2.0
"""What our pages load: our own modules, and those of others that the build fetched.

All of it is read at the start.  The paths hold a version that changes with any file, so
that browsers keep the files for a year and never mix those of two releases.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.resources
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from console_ext.proxy.consoles.pages import TYPES, Page

# Below the package's directory of pages: what the build puts there, by package.
FETCHED = 'assets'

# The last file that the build writes.
STAMP = 'STAMP'

MISSING = (
    'This installation of console_ext was built without its browser pages, because '
    'npm could not fetch what they load. Install a released wheel, or build again '
    'where the npm registry can be reached.'
)

_KEPT = (
    ('Cache-Control', 'public, max-age=31536000, immutable'),
    ('Vary', 'Accept-Encoding'),
)

# In our pages, where their modules are.
_PLACEHOLDER = b'{web}'


@dataclass(frozen=True, slots=True)
class Assets:
    """
    :param root: where the modules are, relative to the directory of a page
    :param modules: by path
    """

    root: str
    modules: Mapping[str, Page]

    def page(
        self, name: str, headers: Iterable[tuple[str, str]], below: str = ''
    ) -> Page:
        """One of our pages.

        :param headers: with ``Vary``, because the page may be sent compressed
        :param below: what leads from the directory of its URL to that of the modules:
            ``serial/`` for ``/serial``, whose modules are below that path, too
        """
        body = directory().joinpath(name).read_bytes()
        body = body.replace(_PLACEHOLDER, f'{below}{self.root}'.encode())
        kind = ('Content-Type', TYPES[Path(name).suffix])
        return Page(body, (kind, *headers), gzip=_packed(body))


def directory() -> Path:
    """Where our pages are, and ``assets`` with what they load from others."""
    return Path(str(importlib.resources.files('console_ext.proxy').joinpath('web')))


def are_there() -> bool:
    """Whether the build has fetched what our pages load."""
    return (directory() / FETCHED / STAMP).is_file()


def fetched(package: str) -> Path | None:
    """The directory of a package that the build has fetched; None where it has not.

    :param package: its name without a scope
    """
    found = directory() / FETCHED / package
    return found if are_there() and found.is_dir() else None


def load(packages: Iterable[str]) -> Assets | None:
    """Read our modules, and those of some packages.

    :param packages: their names without a scope
    :returns: None where the build has fetched nothing
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
                (('Content-Type', TYPES[Path(name).suffix]), *_KEPT),
                gzip=_packed(body, web / f'{name}.gz'),
            )
            for name, body in bodies.items()
        },
    )


def _below(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        yield from _files(folder.rglob('*'))


def _files(found: Iterable[Path]) -> Iterator[Path]:
    """The modules and style sheets among them."""
    for path in sorted(found):
        if path.suffix in TYPES and path.suffix != '.html':
            yield path


def _version(bodies: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, body in bodies.items():
        digest.update(f'{name} {len(body)}\n'.encode())
        digest.update(body)
    return digest.hexdigest()[:16]


def _packed(body: bytes, made: Path | None = None) -> bytes:
    """
    :param made: what the build has compressed already
    """
    if made is not None and made.is_file():
        return made.read_bytes()
    return gzip.compress(body, 9, mtime=0)
