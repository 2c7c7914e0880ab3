# SPDX-License-Identifier: Apache-2.0
"""Opens the page of a console in the user's browser."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from typing import TextIO

from console_ext.client import urls
from console_ext.client.endings import NotOpened, Status
from console_ext.client.source import Source


def open_page(
    source: Source,
    stdout: TextIO,
    stderr: TextIO,
    browser: Callable[[str], bool] | None = webbrowser.open,
) -> int:
    """Print the URL of a console's page and open it.

    :param browser: opens a URL and returns whether it succeeded; None to only print
    :returns: the exit status
    """
    try:
        page = urls.page(source.url())
    except (NotOpened, urls.InvalidURL) as error:
        stderr.write(f'console-ext: {error}\n')
        return Status.REFUSED
    # The user has requested this URL, which works once.
    stdout.write(f'{page}\n')
    stdout.flush()
    if browser is not None and not browser(page):
        stderr.write('console-ext: No browser found. Open the URL in a browser.\n')
    return Status.LEFT
