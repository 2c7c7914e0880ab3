# SPDX-License-Identifier: Apache-2.0
"""Reading the configuration, and finding files that belong to it."""

import os

import pytest
from oslo_config import cfg

from console_ext import conf as config


@pytest.fixture
def write(tmp_path):
    """Write a configuration file that sets the host; return its path."""

    def write(name, host, folder=tmp_path):
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_text(f'[DEFAULT]\nhost = {host}\n')
        return str(path)

    return write


@pytest.fixture(autouse=True)
def _nothing_around(tmp_path, monkeypatch):
    """Remove variables and the home of the user who runs the tests."""
    monkeypatch.delenv(config.CONFIG_FILES_VARIABLE, raising=False)
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))


def test_configurations_are_independent(write):
    """There is no global configuration."""
    one, two = config.load([write('a', 'one')]), config.load([write('b', 'two')])
    assert (one.host, two.host) == ('one', 'two')
    assert one is not cfg.CONF


def test_later_files_win(write):
    """So ours can come after a nova.conf."""
    assert config.load([write('a', 'first'), write('b', 'second')]).host == 'second'


def test_arguments_name_files_too(write):
    """Arguments name files as in every service, and replace the default files."""
    path = write('a', 'named')
    assert config.load(None, ['--config-file', path]).host == 'named'


def test_variable(write, monkeypatch):
    """For web servers, which have a command line of their own."""
    named = os.pathsep.join([write('a', 'first'), write('b', 'second')])
    monkeypatch.setenv(config.CONFIG_FILES_VARIABLE, named)
    assert config.load().host == 'second'
    assert config.load([]).host != 'second'


def test_usual_place(write, tmp_path):
    """The default places of oslo.config for the project's name."""
    write('console_ext.conf', 'home', tmp_path / 'home' / '.console_ext')
    assert config.load().host == 'home'


def test_installed_place(write, tmp_path, monkeypatch):
    """The place of the installation, if there is no file elsewhere."""
    monkeypatch.setattr(config.sys, 'prefix', str(tmp_path))
    write('console_ext.conf', 'prefix', tmp_path / 'etc' / 'console_ext')
    assert config.load().host == 'prefix'


def test_no_file_at_all():
    """Every option has a default."""
    assert config.load([]).api.listen_port == 8774


@pytest.mark.parametrize('text', ['no section', '[api]\nlisten_port\n'])
def test_unreadable_file(tmp_path, text):
    """The error has the text of oslo.config."""
    path = tmp_path / 'bad.conf'
    path.write_text(text)
    with pytest.raises(cfg.Error):
        config.load([str(path)])


def test_missing_file(tmp_path):
    """A file that is named explicitly has to exist."""
    with pytest.raises(cfg.Error):
        config.load([str(tmp_path / 'none.conf')])


def test_options_of_others(write):
    """A program registers its own options before the files are read."""
    conf = cfg.ConfigOpts()
    conf.register_opt(cfg.StrOpt('colour', default='red'))
    config.read(conf, [write('a', 'mine')], [])
    assert (conf.host, conf.colour) == ('mine', 'red')


def test_file_beside_the_configuration(write, tmp_path):
    """The directory of the configuration is searched first."""
    conf = config.load([write('a.conf', 'x', tmp_path / 'here')])
    (tmp_path / 'here' / 'inventory.yaml').touch()
    found = config.find_file(conf, 'inventory.yaml')
    assert found == str(tmp_path / 'here' / 'inventory.yaml')


def test_file_by_its_path(write, tmp_path):
    """An absolute path is used as it is."""
    conf = config.load([write('a.conf', 'x', tmp_path / 'here')])
    path = tmp_path / 'elsewhere.yaml'
    path.touch()
    assert config.find_file(conf, str(path)) == str(path)


def test_file_of_the_release(write, monkeypatch, tmp_path):
    """A source tree that is used in place has the sample files too."""
    monkeypatch.setattr(config.sys, 'prefix', str(tmp_path / 'nothing'))
    conf = config.load([write('a.conf', 'x')])
    found = config.find_file(conf, 'api-paste.ini')
    assert found.endswith(os.path.join('etc', 'console_ext', 'api-paste.ini'))
    assert os.path.exists(found)


def test_file_that_is_nowhere(write):
    """The caller reports it."""
    assert config.find_file(config.load([write('a.conf', 'x')]), 'none.yaml') is None


def test_from_paste(write):
    """The files of a section, otherwise of [DEFAULT]; separated as in PATH."""
    one, two = write('a', 'one'), write('b', 'two')
    both = os.pathsep.join([one, two])
    assert config.from_paste({}, {'config_files': one}).host == 'one'
    assert config.from_paste({'config_files': one}, {}).host == 'one'
    assert config.from_paste({'config_files': one}, {'config_files': two}).host == 'two'
    assert config.from_paste({}, {'config_files': both}).host == 'two'


def test_from_paste_with_directories(write, tmp_path):
    """Their files override the files of a section."""
    directory = tmp_path / 'drop-ins'
    write('x.conf', 'two', directory)
    section = {'config_files': write('a', 'one'), 'config_dirs': str(directory)}
    assert config.from_paste({}, section).host == 'two'


@pytest.mark.parametrize('section', [{}, {'config_files': ''}])
def test_from_paste_without_files(write, monkeypatch, section):
    """Without files in a section, the default files are used."""
    monkeypatch.setenv(config.CONFIG_FILES_VARIABLE, write('a', 'variable'))
    assert config.from_paste({}, section).host == 'variable'


@pytest.mark.parametrize(
    ('line', 'says'),
    [
        ('host = a\0b', r'\[DEFAULT\] host contains a NUL character'),
        (
            '[api]\nupstream_roles = a,b\0',
            r'\[api\] upstream_roles contains a NUL character',
        ),
        ('[api]\nthreads =', r'\[api\] threads has no value'),
        ('[inventory]\ncheck_interval =', r'\[inventory\] check_interval has no value'),
    ],
)
def test_value_that_nothing_can_use(tmp_path, line, says):
    """The error at the start names the option."""
    path = tmp_path / 'a.conf'
    path.write_text(f'[DEFAULT]\n{line}\n')
    with pytest.raises(cfg.ConfigFileValueError, match=says):
        config.load([str(path)])


SERIAL_URL = ('base_url', 'serial_console')
SAME_AS_DEFAULT = 'ws://127.0.0.1:6083/'


def test_default_is_not_set(write):
    """Neither a default of the option nor one set by a library counts as set."""
    conf = config.load([write('a.conf', 'x')])
    assert not config.is_set(conf, *SERIAL_URL)
    conf.set_default('base_url', 'ws://other/', group='serial_console')
    assert not config.is_set(conf, *SERIAL_URL)
    assert not config.is_set(conf, 'cert')


def test_set_in_a_file(tmp_path, write):
    """Even to the default value, and in an earlier file."""
    path = tmp_path / 'set.conf'
    path.write_text(f'[serial_console]\nbase_url = {SAME_AS_DEFAULT}\n')
    conf = config.load([str(path), write('a.conf', 'x')])
    assert config.is_set(conf, *SERIAL_URL)
    assert not config.is_set(conf, 'html5proxy_base_url', 'spice')
    assert config.is_set(conf, 'host')


def test_set_in_the_environment(monkeypatch):
    """With the name that oslo.config gives the variable."""
    monkeypatch.setenv('OS_SERIAL_CONSOLE__BASE_URL', SAME_AS_DEFAULT)
    assert config.is_set(config.load([]), *SERIAL_URL)


def test_set_on_the_command_line():
    """For a program that has the option on its command line."""
    conf = cfg.ConfigOpts()
    conf.register_cli_opt(cfg.IntOpt('workers', default=1))
    config.read(conf, [], ['--workers', '1'])
    assert config.is_set(conf, 'workers')


def test_set_by_an_override():
    """By a program on behalf of its user."""
    conf = config.load([])
    conf.set_override('base_url', SAME_AS_DEFAULT, group='serial_console')
    assert config.is_set(conf, *SERIAL_URL)


def test_unknown_option_is_not_set():
    """A misspelled name is an error of the caller."""
    with pytest.raises(cfg.NoSuchOptError):
        config.is_set(config.load([]), 'base_ur', 'serial_console')
