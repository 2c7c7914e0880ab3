# SPDX-License-Identifier: Apache-2.0
"""How tests and measurements start Chromium."""

ARGUMENTS = (
    'headless',
    'no-sandbox',
    'disable-gpu',
    'disable-dev-shm-usage',
    'disable-quic',
    'no-first-run',
    'disable-background-networking',
    'disable-component-update',
    'disable-sync',
    'window-size=1000,760',
)
