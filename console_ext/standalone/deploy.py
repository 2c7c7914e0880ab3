# SPDX-License-Identifier: Apache-2.0
"""The stand-alone API as its PasteDeploy file composes it."""

from __future__ import annotations

import configparser
import os
from wsgiref.types import WSGIApplication

from oslo_config import cfg
from paste import deploy

from console_ext import conf as config
from console_ext import exceptions


def paste_file(conf: cfg.ConfigOpts) -> str:
    """The full path of the file that ``[api] paste_config`` names.

    :raises ConfigurationError: there is no such file
    """
    path = config.find_file(conf, conf.api.paste_config)
    if path is None:
        raise exceptions.ConfigurationError(
            f'[api] paste_config = {conf.api.paste_config}: there is no such file'
        )
    return os.path.abspath(path)


def load_app(conf: cfg.ConfigOpts) -> WSGIApplication:
    """Load the pipeline that ``[api] auth_strategy`` names.

    :raises ConfigurationError: the one line that says why not
    """
    path = paste_file(conf)
    # Each factory reads the configuration again; a percent sign is PasteDeploy's
    # interpolation.
    files = os.pathsep.join(map(os.path.abspath, conf.config_file or []))
    try:
        application: WSGIApplication = deploy.loadapp(
            f'config:{path}',
            name=conf.api.auth_strategy,
            global_conf={'config_files': files.replace('%', '%%')},
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
