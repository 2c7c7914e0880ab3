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

from console_ext.proxy.consoles import imports
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

# The template of all our pages; names in braces stand for the differences.
_PAGE = 'page.html'


@dataclass(frozen=True, slots=True)
class Assets:
    """
    :param root: path of the modules, relative to the directory of a page
    :param modules: the files, by path
    """

    root: str
    modules: Mapping[str, Page]

    def page(
        self,
        title: str,
        library: str,
        script: str,
        headers: Iterable[tuple[str, str]],
        below: str = '',
    ) -> Page:
        """One of our pages.

        :param library: the name of what draws the console
        :param script: the module that the page loads
        :param headers: have to contain ``Vary``, because the page may be compressed
        :param below: relative path from the page's directory to that of ``root``:
            ``serial/`` for ``/serial``, whose modules are also below that path
        """
        values = {
            '{title}': title,
            '{library}': library,
            '{links}': '\n    '.join(self._links(script)),
            '{script}': script,
            # After the links, which contain it.
            '{web}': f'{below}{self.root}',
        }
        text = directory().joinpath(_PAGE).read_text('utf-8')
        for name, value in values.items():
            text = text.replace(name, value)
        body = text.encode()
        kind = ('Content-Type', TYPES[Path(_PAGE).suffix])
        return Page(body, (kind, *headers), gzip=_gzipped(body))

    def _links(self, script: str) -> Iterator[str]:
        for path in sorted(self.modules):
            if path.endswith('.css'):
                name = path.removeprefix(f'/{self.root}/')
                yield f'<link rel="stylesheet" href="{{web}}/{name}">'
        # A browser loads these at once, not each after the one that imports it.
        for name in self._imported(script):
            yield f'<link rel="modulepreload" href="{{web}}/{name}">'

    def _imported(self, script: str) -> list[str]:
        def read(name: str) -> bytes | None:
            # A directory's module may import one that is not part of its package.
            page = self.modules.get(f'/{self.root}/{name}')
            return None if page is None else page.body

        return sorted(imports.reached(script, read) - {script})


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


def packages(names: Iterable[str]) -> Mapping[str, Path] | None:
    """The modules of fetched packages, by their paths below our modules.

    :param names: of the packages, without a scope
    :returns: None if the build has fetched nothing
    """
    if not are_there():
        return None
    web = directory()
    return {
        path.relative_to(web).as_posix(): path
        for name in names
        for path in _files((web / FETCHED / name).rglob('*'))
    }


def load(modules: Mapping[str, Path]) -> Assets:
    """Read our own modules, and others.

    :param modules: the others, by their paths below our modules
    """
    ours = {path.name: path for path in _files(directory().iterdir())}
    paths = {**ours, **modules}
    bodies = {name: paths[name].read_bytes() for name in sorted(paths)}
    root = f'web/{_version(bodies)}'
    return Assets(
        root,
        {
            f'/{root}/{name}': Page(
                body,
                (('Content-Type', TYPES[paths[name].suffix]), *_CACHED),
                gzip=_gzipped(body, paths[name]),
            )
            for name, body in bodies.items()
        },
    )


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


def _gzipped(body: bytes, path: Path | None = None) -> bytes:
    """
    :param path: of the file with this content; the build has compressed ours
    """
    if path is not None and path.is_relative_to(directory()):
        compressed = path.with_name(f'{path.name}.gz')
        if compressed.is_file():
            return compressed.read_bytes()
    return gzip.compress(body, 9, mtime=0)
