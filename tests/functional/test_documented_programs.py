# SPDX-License-Identifier: Apache-2.0
"""The programs match their documentation."""

from __future__ import annotations

import re

import pytest

from console_ext.store import migration
from tests.functional.management import check
from tests.parts import documentation
from tests.parts.deployment import server_id
from tests.parts.documentation import README, SOURCE
from tests.parts.programs import BIN, manage, run

CLI = SOURCE / 'cli' / 'index.rst'
TROUBLESHOOTING = SOURCE / 'admin' / 'troubleshooting.rst'

PROGRAMS = [
    'console-ext',
    'console-ext-agent',
    'console-ext-api',
    'console-ext-demo',
    'console-ext-manage',
    'console-ext-proxy',
]

# Programs with options of their own.
COMMANDS = {'console-ext': ('attach', 'open'), 'console-ext-manage': ('check',)}

# Options of oslo.config and oslo.log.
COMMON = re.compile(
    r'--(help|config-.*|shell_completion|(no)?debug|log[-_].*|logdir|logfile'
    r'|(no)?use-.*|syslog-.*)'
)


def managing():
    """The distinct commands of console-ext-manage on the pages."""
    found = {}
    for words in documentation.commands('console-ext-manage'):
        kept = ' '.join(words[1:])
        found[re.sub(r'--config-file \S+ ?', '', kept)] = None
    return list(found)


def test_commands_are_found():
    """The test below would also pass if no command was found."""
    assert {'check', 'check --server ID', 'db sync'} <= set(managing())


@pytest.mark.parametrize('command', managing())
def test_command(deployment, command):
    """The command exists and ends without an unexpected error."""
    url = f'sqlite:///{deployment.path}/store.db'
    deployment.configure(database={'connection': url}, console_rpc={'timeout': 0.5})
    migration.sync(deployment.conf())
    args = command.replace('ID', server_id('01')).split()
    done = manage([deployment.config_file], *args)
    # check reports that no compute host answers.
    assert done.returncode == ('--server' in args), done.stderr


@pytest.mark.parametrize('program', PROGRAMS)
def test_options(program):
    """The program's section of the page has exactly its own options."""
    _, _, section = CLI.read_text().partition(f'\n{program}\n==')
    section = re.split(r'\n[\w-]+\n==', section)[0]
    texts = [run(program, '--help')]
    for command in COMMANDS.get(program, ()):
        texts.append(run(program, command, '--help'))
    own = {
        option
        for text in texts
        for option in re.findall(r'(?<![\w-])--[a-z][\w-]*', text)
        if not COMMON.fullmatch(option)
    }
    assert set(re.findall(r'(?<![\w-])--[a-z][\w-]*', section)) == own


def test_every_command_is_on_the_page():
    listed = re.search(r'\{([\w,]+)\}', run('console-ext-manage', '--help'))[1]
    for command in listed.split(','):
        assert f'``console-ext-manage {command}' in CLI.read_text()


def test_every_program_has_a_section():
    installed = {path.name for path in BIN.glob('console-ext*')}
    assert installed == set(PROGRAMS)


def test_routes():
    """The page has the printed table."""
    assert documentation.block(
        'cli/index.rst', run('console-ext-manage', 'routes').partition('\n')[0]
    ) == run('console-ext-manage', 'routes')


def test_every_line_of_check_is_explained(deployment):
    """With the name that ``check`` prints; variable parts are capitals or dots."""
    deployment.configure(
        api={'servers': 'nova'},
        console_rpc={'timeout': 0.5, 'cell_bus': 'one rabbit://127.0.0.1:1/'},
    )
    parts = set(check([deployment.config_file]))
    deployment.configure(api={'servers': 'inventory'})
    parts |= set(check([deployment.config_file], '--server', server_id('01')))
    _, _, section = TROUBLESHOOTING.read_text().partition('The lines of ``check``\n')
    section = section.partition('\nWhat users see\n')[0]
    names = re.findall(r'^(\w.*)\n   \S', section, re.MULTILINE)
    patterns = [re.sub(r'[A-Z:]{2,}|\\.\\.\\.', '.+', re.escape(one)) for one in names]
    unexplained = [
        part for part in parts if not any(re.fullmatch(one, part) for one in patterns)
    ]
    assert unexplained == []


def test_the_two_commands():
    """The pages show the same commands as the README."""
    readme = re.findall(r'^   (python3 -m venv .*)$', README.read_text(), re.MULTILINE)
    assert len(readme) == 2
    quickstart = (SOURCE / 'install' / 'quickstart.rst').read_text()
    testing = (SOURCE / 'contributor' / 'testing.rst').read_text()
    assert f'   {readme[0]}\n' in quickstart
    assert f'   {readme[1]}\n' in testing
