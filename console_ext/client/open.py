# SPDX-License-Identifier: Apache-2.0
"""The page of a console, in the user's browser."""

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
    """Print the URL of a console's page, and open it.

    :param browser: opens a URL, and says whether it could; None to print only
    :returns: the exit status
    """
    try:
        page = urls.page(source.url())
    except (NotOpened, urls.InvalidURL) as error:
        stderr.write(f'console-ext: {error}\n')
        return Status.REFUSED
    # The URL is what the user asks for; it opens once.
    stdout.write(f'{page}\n')
    stdout.flush()
    if browser is not None and not browser(page):
        stderr.write('console-ext: There is no browser here: open the URL in one.\n')
    return Status.LEFT
