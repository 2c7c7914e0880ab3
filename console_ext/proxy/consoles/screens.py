# SPDX-License-Identifier: Apache-2.0
"""The pages of consoles with a screen, which a library draws."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from console_ext.proxy.consoles import assets, pages
from console_ext.proxy.consoles.libraries import Library
from console_ext.proxy.consoles.pages import Page

_VARY = ('Vary', 'Accept-Encoding')

_MISSING = '{} is not installed on this proxy. Tell the operator of the cloud.'


@dataclass(frozen=True, slots=True)
class ScreenPage:
    """
    :param title: of the page
    :param library: that draws the screen
    :param script: the module that the page loads
    """

    title: str
    library: Library
    paths: Collection[str]
    script: str

    def table(
        self, modules: Mapping[str, Path] | None, policy: str
    ) -> Mapping[str, Page]:
        """The page under all its paths, what it loads, and the health check.

        :param modules: of the library, by their paths below ours; None if it is missing
        """
        if modules is None:
            sentence = _MISSING.format(self.library.name)
            missing = pages.text(sentence, 503)
            return {**pages.health(), **dict.fromkeys(self.paths, missing)}
        found = assets.load(modules)
        headers = [('Content-Security-Policy', policy), _VARY]
        page = found.page(self.title, self.library.name, self.script, headers)
        return {
            **pages.health(),
            **found.modules,
            **dict.fromkeys(self.paths, page),
        }
