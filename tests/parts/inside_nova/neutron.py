# SPDX-License-Identifier: Apache-2.0
"""A network service without networks: whatever it is asked for, there are none.

Nova asks for the security groups of every server that it shows.
"""

import json


def application(environ, start_response):
    kind = environ['PATH_INFO'].rpartition('/')[2].removesuffix('.json')
    body = json.dumps({kind.replace('-', '_'): []}).encode()
    start_response(
        '200 OK',
        [('Content-Type', 'application/json'), ('Content-Length', str(len(body)))],
    )
    return [body]
