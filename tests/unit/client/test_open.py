# SPDX-License-Identifier: Apache-2.0
"""The page of a console is printed and opened."""

import io

import pytest

from console_ext.client.endings import NotOpened, Status
from console_ext.client.open import open_page
from console_ext.client.source import GivenURL

NO_BROWSER = 'console-ext: No browser found. Open the URL in a browser.\n'


def run(source, opens=True):
    """Return the exit status, the output, and the URL given to the browser."""
    opened = []

    def browser(url):
        opened.append(url)
        return opens

    stdout, stderr = io.StringIO(), io.StringIO()
    status = open_page(source, stdout, stderr, browser)
    return status, stdout.getvalue(), stderr.getvalue(), opened


@pytest.mark.parametrize(
    ('url', 'page'),
    [
        ('wss://h:6083/?token=x', 'https://h:6083/?token=x'),
        ('http://h/spice_auto.html?token=x', 'http://h/spice_auto.html?token=x'),
    ],
)
def test_open(url, page):
    source = GivenURL(url, 'h')
    assert run(source) == (Status.LEFT, f'{page}\n', '', [page])


def test_no_browser():
    source = GivenURL('ws://h/', 'h')
    status, printed, said, _ = run(source, opens=False)
    assert (status, printed, said) == (Status.LEFT, 'http://h/\n', NO_BROWSER)


def test_print_only():
    stdout, stderr = io.StringIO(), io.StringIO()
    assert open_page(GivenURL('ws://h/', 'h'), stdout, stderr, None) == Status.LEFT
    assert (stdout.getvalue(), stderr.getvalue()) == ('http://h/\n', '')


def test_unsafe_url():
    """Unsafe URLs from an API are not opened."""
    status, printed, said, opened = run(GivenURL('file:///etc/passwd', 'h'))
    assert (status, printed, opened) == (Status.REFUSED, '', [])
    assert said.startswith('console-ext: The URL ')


def test_refused():
    class No:
        name = 'h'
        again = True

        def url(self):
            raise NotOpened('No.', again=False)

    assert run(No()) == (Status.REFUSED, '', 'console-ext: No.\n', [])
