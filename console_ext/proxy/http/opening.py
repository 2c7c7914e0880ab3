# SPDX-License-Identifier: Apache-2.0
"""From a request that may be admitted to a connection to its guest."""

from __future__ import annotations

import asyncio
import logging
import traceback

from console_ext import exceptions
from console_ext.proxy.admission import rules
from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.rules import Asked, Refusal
from console_ext.proxy.relay.guest import Guest

LOG = logging.getLogger(__name__)


async def reach(
    admission: Admission, asked: Asked, console_type: str
) -> tuple[Admitted, Guest] | Refusal:
    """Admit a request and connect to its guest.

    :returns: what a session takes over.  If no session starts, call
        ``admission.withdraw(admitted)`` and ``guest.leave()``.
    """
    try:
        admitted = await admission.admit(asked, console_type)
        try:
            guest = await _guest(admitted)
        except BaseException:
            admitted.target.socket.close()
            admission.withdraw(admitted)
            raise
    except exceptions.ConsoleExtError as error:
        return rules.refusal(error)
    except Exception as error:
        # Without its text, which may be about the token.
        where = ''.join(traceback.format_tb(error.__traceback__))
        LOG.error('Admission failed: %s\n%s', type(error).__name__, where)
        return rules.refusal(error)
    return admitted, guest


async def _guest(admitted: Admitted) -> Guest:
    target = admitted.target
    _, guest = await asyncio.get_running_loop().create_connection(
        lambda: Guest(target.early), sock=target.socket
    )
    return guest
