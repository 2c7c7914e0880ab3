# SPDX-License-Identifier: Apache-2.0
"""The peer of the pipeline: a one-line application in the same server."""

from wsgiref.types import StartResponse, WSGIEnvironment

BODY = b'{"console": {"type": "serial", "url": "ws://127.0.0.1:6083/?token=x"}}'


def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    environ['wsgi.input'].read()
    headers = [('Content-Type', 'application/json'), ('Content-Length', str(len(BODY)))]
    start_response('200 OK', headers)
    return [BODY]
