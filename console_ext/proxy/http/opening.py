# SPDX-License-Identifier: Apache-2.0
"""From a request that may be admitted to a connection to its guest."""

from __future__ import annotations

import contextlib
import logging
import traceback

from console_ext import exceptions
from console_ext.proxy.admission import rules
from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.rules import Asked, Refused
from console_ext.proxy.consoles.listener import Listener
from console_ext.proxy.relay.guest import GuestSide

LOG = logging.getLogger(__name__)


async def reach(
    admission: Admission,
    asked: Asked,
    listener: Listener,
    held: contextlib.AsyncExitStack,
) -> tuple[Admitted, GuestSide]:
    """Admit a request, and open its guest's console.

    :param listener: that the request came to
    :param held: gives back what is taken, unless a session takes it over
    :raises Refused: whatever the error was
    """
    try:
        admitted = await admission.admit(
            asked, listener.console_type, listener.consoles, held
        )
        guest = await listener.consoles.open(
            admitted.target, admitted.lease.authorization
        )
        held.callback(guest.leave)
        return admitted, guest
    except exceptions.ConsoleExtError as error:
        raise Refused(rules.refusal(error)) from None
    except Exception as error:
        # Without its text, which may be about the token.
        where = ''.join(traceback.format_tb(error.__traceback__))
        LOG.error('Admission failed: %s\n%s', type(error).__name__, where)
        raise Refused(rules.refusal(error)) from None
