# SPDX-License-Identifier: Apache-2.0
"""Loading the plugin that an option names."""

import textwrap

import pytest

from console_ext import plugin
from tests.planting import Site, only_line

NAMESPACE = 'console_ext.test'

# A program that loads what its two arguments name.
PROGRAM = f"""
    import sys

    import console_ext.cmd
    from console_ext import plugin
    from console_ext.cmd import service

    def program():
        print(plugin.load({NAMESPACE!r}, sys.argv[1], '[a] b', *sys.argv[2:]))

    sys.exit(service.run(program))
"""


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    (site.path / 'loads.py').write_text(textwrap.dedent(PROGRAM))
    return site


def test_two_packages_with_one_name(site):
    """It would be ambiguous which one is loaded."""
    for package in ('first', 'second'):
        site.install(package, 'A = str', NAMESPACE, {'twin': f'{package}:A'})
    assert only_line(site.run('loads', 'twin')) == (
        'loads.py: [a] b = twin: several installed packages provide it; uninstall all '
        'but one'
    )


def test_error_of_several_lines_is_shown_in_one(site):
    """A failed start has one line, whatever the plugin's error is."""
    source = """
        def make(*args):
            raise ValueError('this\\nand\\n  that')
    """
    site.install('broken', source, NAMESPACE, {'broken': 'broken:make'})
    assert only_line(site.run('loads', 'broken')) == (
        'loads.py: [a] b = broken: it cannot be loaded: ValueError: this and that'
    )


def test_names():
    """Those of the installed packages; a namespace without a plugin has none."""
    assert {'inventory', 'nova', 'upstream'} <= set(plugin.names('console_ext.servers'))
    assert plugin.names(NAMESPACE) == []
