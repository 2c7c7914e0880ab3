# SPDX-License-Identifier: Apache-2.0
"""The framework that API extensions are written with, modeled on Nova's.

The author of an extension needs these names and :mod:`console_ext.wsgi.validation`::

    from console_ext import wsgi
    from console_ext.wsgi import validation
"""

from console_ext.exceptions import Declined
from console_ext.wsgi.controller import Controller
from console_ext.wsgi.declarations import (
    action,
    api_version,
    authorize,
    expected_errors,
    response,
    serves,
)
from console_ext.wsgi.extensions import (
    ControllerExtension,
    ResourceExtension,
    V21APIExtensionBase,
)
from console_ext.wsgi.request import Request

__all__ = [
    'Controller',
    'ControllerExtension',
    'Declined',
    'Request',
    'ResourceExtension',
    'V21APIExtensionBase',
    'action',
    'api_version',
    'authorize',
    'expected_errors',
    'response',
    'serves',
]
