# SPDX-License-Identifier: Apache-2.0
"""Admits a request and connects to its guest."""

from __future__ import annotations

import contextlib
import logging
import traceback

from console_ext import exceptions
from console_ext.proxy.admission import rules
from console_ext.proxy.admission.checks import Admission, Admitted
from console_ext.proxy.admission.rules import Refused, SessionRequest
from console_ext.proxy.consoles.listener import Listener
from console_ext.proxy.relay.guest import GuestSide

LOG = logging.getLogger(__name__)


async def reach(
    admission: Admission,
    request: SessionRequest,
    listener: Listener,
    held: contextlib.AsyncExitStack,
) -> tuple[Admitted, GuestSide]:
    """Admit a request and open its guest's console.

    :param listener: that received the request
    :param held: receives callbacks that release what was acquired; a session that
        starts takes them over
    :raises Refused: for every error
    """
    try:
        admitted = await admission.admit(
            request, listener.console_type, listener.consoles, held
        )
        guest = await listener.consoles.open(
            admitted.target, admitted.lease.authorization
        )
        held.callback(guest.leave)
        return admitted, guest
    except exceptions.ConsoleExtError as error:
        raise Refused(rules.refusal(error)) from None
    except Exception as error:
        # Without the error's text, which may contain the token.
        where = ''.join(traceback.format_tb(error.__traceback__))
        LOG.error('Admission failed: %s\n%s', type(error).__name__, where)
        raise Refused(rules.refusal(error)) from None
