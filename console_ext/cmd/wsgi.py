# SPDX-License-Identifier: Apache-2.0
"""``console_ext.cmd.wsgi:application``: the API for uwsgi, gunicorn and mod_wsgi.

Those servers look the name up in the module, so here, and nowhere else, something
happens at import.  No connection is made before the first request that needs one: the
server may fork after.
"""

from console_ext.cmd import service
from console_ext.standalone import deploy

application = deploy.load_app(service.configure([]))
