# SPDX-License-Identifier: Apache-2.0
"""Remote consoles for a Nova-style compute API, as a loadable extension.

Start reading at ``console_ext/api``, the extension itself, or ``console_ext/wsgi``,
which loads it and handles requests.  doc/source/contributor/architecture.rst lists all
parts.
"""
