# SPDX-License-Identifier: Apache-2.0
"""Remote consoles for a Nova-style compute API, as a loadable extension.

Start at ``console_ext/api`` (the extension itself) or at ``console_ext/wsgi``
(what loads it and answers requests).  The map of the parts is in
doc/source/contributor/architecture.rst.
"""
