# SPDX-License-Identifier: Apache-2.0
"""A headless Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.proxy.parts import needed
from tests.parts.chromium import ARGUMENTS


def start(profile: Path):
    """Return a driver; its caller quits it.

    :param profile: the directory of its profile
    """
    selenium = pytest.importorskip('selenium.webdriver')
    options = selenium.ChromeOptions()
    options.binary_location = needed('chromium')
    for argument in (*ARGUMENTS, f'user-data-dir={profile}'):
        options.add_argument(f'--{argument}')
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    # The certificates of the tests are not signed by a known authority.
    options.accept_insecure_certs = True
    service = selenium.ChromeService(needed('chromedriver'))
    driver = selenium.Chrome(options=options, service=service)
    driver.set_page_load_timeout(60)
    driver.set_script_timeout(60)
    return driver
