# SPDX-License-Identifier: Apache-2.0
"""Whether there is a store, and the error if it cannot be used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from console_ext import conf as config
from console_ext import exceptions
from console_ext.store import load_store
from console_ext.store.store import Store
from console_ext.wsgi import faults
from tests.parts.stores import factories


def test_no_database_no_store():
    assert load_store(config.load([])) is None


def test_a_store_in_the_database_of_the_configuration_file(tmp_path):
    path = tmp_path / 'console_ext.conf'
    path.write_text(f'[database]\nconnection = sqlite:///{tmp_path}/store.db\n')
    assert isinstance(load_store(config.load([str(path)])), Store)


def test_an_unusable_database_is_known_at_the_start():
    with pytest.raises(exceptions.ConfigurationError):
        load_store(factories.configuration('nodb://h/d'))


WITHOUT_SQL = """
import sys
sys.modules.update(dict.fromkeys(['oslo_db', 'sqlalchemy', 'alembic']))
import importlib.util
importlib.util.find_spec = lambda name: None
from console_ext import conf, exceptions, store
from console_ext.store import authorization
assert store.load_store(conf.load([])) is None
try:
    store.load_store(conf.load([sys.argv[1]]))
except exceptions.ConfigurationError as error:
    assert 'console-ext[sql]' in str(error)
else:
    raise AssertionError
"""


def test_without_the_extra_there_is_one_clear_line(tmp_path):
    path = tmp_path / 'console_ext.conf'
    path.write_text('[database]\nconnection = sqlite:////x\n')
    subprocess.run([sys.executable, '-c', WITHOUT_SQL, path], check=True)


def test_a_store_that_is_away_is_a_503():
    assert faults.status_of(exceptions.StoreUnavailable()) == 503
