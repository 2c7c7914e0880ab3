# SPDX-License-Identifier: Apache-2.0
"""From a request that may be admitted to a connection to its guest."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback

from console_ext import exceptions
from console_ext.proxy.admission import rules
from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.rules import Asked, Refused
from console_ext.proxy.relay.guest import Guest

LOG = logging.getLogger(__name__)


async def reach(
    admission: Admission,
    asked: Asked,
    console_type: str,
    held: contextlib.AsyncExitStack,
) -> tuple[Admitted, Guest]:
    """Admit a request, and connect to its guest.

    :param held: gives back what is taken, unless a session takes it over
    :raises Refused: whatever the error was
    """
    try:
        admitted = await admission.admit(asked, console_type, held)
        return admitted, await _guest(admitted, held)
    except exceptions.ConsoleExtError as error:
        raise Refused(rules.refusal(error)) from None
    except Exception as error:
        # Without its text, which may be about the token.
        where = ''.join(traceback.format_tb(error.__traceback__))
        LOG.error('Admission failed: %s\n%s', type(error).__name__, where)
        raise Refused(rules.refusal(error)) from None


async def _guest(admitted: Admitted, held: contextlib.AsyncExitStack) -> Guest:
    target = admitted.target
    try:
        _, guest = await asyncio.get_running_loop().create_connection(
            lambda: Guest(target.early), sock=target.socket
        )
    except BaseException:
        target.socket.close()
        raise
    held.callback(guest.leave)
    return guest
