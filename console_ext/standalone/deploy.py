# SPDX-License-Identifier: Apache-2.0
"""Loads the stand-alone API from its PasteDeploy file."""

from __future__ import annotations

import configparser
import os
from collections.abc import Iterable
from wsgiref.types import WSGIApplication

from oslo_config import cfg
from paste import deploy

from console_ext import conf as config
from console_ext import exceptions


def paste_file(conf: cfg.ConfigOpts) -> str:
    """Return the absolute path of the file that ``[api] paste_config`` names.

    :raises ConfigurationError: the file does not exist
    """
    path = config.find_file(conf, conf.api.paste_config)
    if path is None:
        raise exceptions.ConfigurationError(
            f'[api] paste_config = {conf.api.paste_config}: there is no such file'
        )
    return os.path.abspath(path)


def load_app(conf: cfg.ConfigOpts) -> WSGIApplication:
    """Load the pipeline that ``[api] auth_strategy`` names.

    :raises ConfigurationError: with the reason in one line
    """
    path = paste_file(conf)
    # Each factory reads the configuration files again.
    global_conf = {'config_files': _paths(conf.config_file or [])}
    if conf.config_dirs:
        global_conf['config_dirs'] = _paths(conf.config_dirs)
    try:
        application: WSGIApplication = deploy.loadapp(
            f'config:{path}',
            name=conf.api.auth_strategy,
            global_conf=global_conf,
        )
    except (
        LookupError,
        OSError,
        ImportError,
        AttributeError,
        TypeError,
        ValueError,
        configparser.Error,
    ) as error:
        raise exceptions.ConfigurationError(
            f'{path}: {type(error).__name__}: {" ".join(str(error).split())}'
        ) from error
    return application


def _paths(paths: Iterable[str]) -> str:
    # PasteDeploy interpolates percent signs.
    return os.pathsep.join(map(os.path.abspath, paths)).replace('%', '%%')
