# SPDX-License-Identifier: Apache-2.0
"""WSGI filters in front of the stand-alone API; api-paste.ini sets their order.

An existing compute API that loads the extensions has its own and needs none of these.
"""
