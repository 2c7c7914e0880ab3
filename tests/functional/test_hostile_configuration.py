# SPDX-License-Identifier: Apache-2.0
"""Invalid configurations stop the start with one line."""

from __future__ import annotations

import os

import pytest
from oslo_config import cfg

from console_ext import conf as config
from console_ext import exceptions
from console_ext.compute import base as compute
from console_ext.proxy.server import Proxy
from console_ext.rpc.client import ComputeClient
from console_ext.rpc.server import ComputeServer
from console_ext.standalone import app, deploy
from console_ext.store import load_store
from console_ext.store.store import Store
from tests.parts.stores import factories

VALUES = [
    '',
    '-',
    '/',
    'x' * 5000,
    'a\0b',
    '\x1b[2J',
    '%(x)s',
    '${x}',
    '[',
    'wss://[::1/x',
    'wss://host:99999/',
    'rabbit://host:x/',
    'sqlite:////tmp/a\0b',
    'é\u202e',
]

# Options of libraries that a start needs.
LIBRARIES = [
    ('DEFAULT', 'transport_url'),
    ('database', 'connection'),
    ('oslo_policy', 'policy_file'),
    ('oslo_policy', 'policy_dirs'),
    ('oslo_middleware', 'max_request_body_size'),
    ('keystone_authtoken', 'auth_url'),
    ('cors', 'allowed_origin'),
]

# Each filter of the pipeline reads the configuration again, which is slow.
OF_THE_PIPELINE = {'api', 'oslo_middleware', 'keystone_authtoken', 'cors'}

OPTIONS = LIBRARIES + [
    (group or 'DEFAULT', opt.dest) for group, opts in config.list_opts() for opt in opts
]


def start_everything(conf, group):
    """Do everything that programs and the filter do before they listen."""
    if group in OF_THE_PIPELINE:
        deploy.load_app(conf)
    else:
        app.build_app(conf).close()
    store = load_store(conf)
    if store is not None:
        store.close()
    client = ComputeClient(conf)
    # The store connects when it is used.
    Proxy(conf, Store(factories.configuration('sqlite:////nowhere/tokens.db')), client)
    client.close()
    ComputeServer(conf, compute.load(conf))


@pytest.mark.parametrize(('group', 'option'), OPTIONS)
def test_option_that_is_wrong(deployment, monkeypatch, group, option):
    """For any value, only an error of the configuration stops the start."""
    # Relative paths in values are relative to this directory.
    monkeypatch.chdir(deployment.path)
    # Reading the pages' libraries again and again takes most of the time.
    empty = deployment.path / 'empty'
    empty.mkdir()
    deployment.configure(spice={'html5proxy_web': empty}, vnc={'novncproxy_web': empty})
    failed = []
    for number, value in enumerate(VALUES):
        former = dict(deployment._configuration.get(group, {}))
        deployment.configure(**{group: {option: value}})
        try:
            start_everything(deployment.conf(), group)
        except (exceptions.ConfigurationError, cfg.Error):
            pass
        except Exception as error:
            failed.append((number, value[:40], type(error), str(error)[:200]))
        deployment._configuration[group] = former
    assert failed == []


def test_file_that_is_not_utf_8(deployment):
    """The error names the file."""
    other = deployment.path / 'other.conf'
    other.write_bytes(b'[DEFAULT]\nhost = caf\xe9\n')
    good = str(deployment.config_file)
    for load in (
        lambda: config.load([good, str(other)]),
        lambda: config.load(None, ['--config-file', good, '--config-file', str(other)]),
        lambda: config.load([good], [f'--config-file={other}']),
        lambda: config.from_paste({}, {'config_files': f'{good}{os.pathsep}{other}'}),
    ):
        with pytest.raises(cfg.Error, match=rf'{other}.*it is not UTF-8'):
            load()
