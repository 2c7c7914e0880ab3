# SPDX-License-Identifier: Apache-2.0
"""``console_ext.cmd.wsgi:application``: the API for uwsgi, gunicorn and mod_wsgi.

These servers expect an application at module level, so this is the only module that
does something at import.  Connections are opened by the first request that needs them,
so that the server may fork before.
"""

from console_ext.cmd import service
from console_ext.standalone import deploy

application = deploy.load_app(service.configure([]))
