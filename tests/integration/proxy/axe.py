# SPDX-License-Identifier: Apache-2.0
"""What axe-core finds on a page that people with disabilities could not use."""

from __future__ import annotations

from pathlib import Path

from tests.integration.proxy.parts import needed
from tests.parts.documentation import ROOT

SCRIPT = ROOT / 'node_modules' / 'axe-core' / 'axe.min.js'

SCHEMES = ('dark', 'light')

# After the page was drawn with the colours of the scheme.
RUN = """
const done = arguments[0];
const drawn = () => new Promise((wake) => requestAnimationFrame(wake));
drawn().then(drawn).then(() => axe.run(document)).then(
  ({ violations }) => done(
    violations.flatMap(({ id, impact, nodes }) =>
      nodes.map(({ target, failureSummary }) =>
        `${impact}: ${id}: ${target.join(' ')}: ${failureSummary}`)),
  ),
  (error) => done([String(error)]),
);
"""


class Axe:
    """axe-core in a page of Chromium.

    :param artefacts: the directory for screenshots
    """

    def __init__(self, browser, artefacts: Path):
        self._browser = browser
        self._artefacts = artefacts
        self._source = Path(needed(str(SCRIPT), 'tox -e web')).read_text()

    def findings(self, name: str) -> list[str]:
        """Check the page as it is now, in light and in dark colours.

        :param name: of the page and its state, for the pictures
        """
        if not self._browser.execute_script('return Boolean(globalThis.axe)'):
            self._browser.execute_script(self._source)
        found = []
        for scheme in SCHEMES:
            self._browser.execute_cdp_cmd(
                'Emulation.setEmulatedMedia',
                {'features': [{'name': 'prefers-color-scheme', 'value': scheme}]},
            )
            for one in self._browser.execute_async_script(RUN):
                found.append(f'{name}, {scheme}: {one}')
            self._browser.save_screenshot(str(self._artefacts / f'{name}-{scheme}.png'))
        return found
