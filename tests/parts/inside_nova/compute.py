# SPDX-License-Identifier: Apache-2.0
"""nova-compute, with a driver that fails as some servers' ids ask it to.

Nova looks for drivers below ``nova.virt`` only, so this one is put there.

One server's consoles are live: the file that CONSOLE_EXT_GUESTS names has their ports.
"""

from nova import monkey_patch

monkey_patch.patch(backend='threading')

import json  # noqa: E402
import os  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402

import nova.virt  # noqa: E402
from nova import exception  # noqa: E402
from nova.cmd import compute  # noqa: E402
from nova.console import type as ctype  # noqa: E402
from nova.virt import fake  # noqa: E402

SLOW = '31'
SLOW_S = 30

LIVE = '32'


def error_of(server_id):
    """Return the error for the last two digits of a server's id."""
    return {
        '20': exception.InstanceNotFound(instance_id=server_id),
        '21': exception.InstanceNotReady(instance_id=server_id),
        '22': exception.ConsoleTypeUnavailable(console_type='serial'),
        '23': exception.ImageSerialPortNumberInvalid(
            num_ports='secret', property='hw_serial_port_count'
        ),
        '25': exception.SocketPortRangeExhaustedException(host='127.0.0.1'),
        '26': exception.ConsoleNotAvailable(),
        '27': NotImplementedError(),
        '28': ValueError('secret of the driver'),
        '29': exception.InstanceInvalidState(
            attr='vm_state', instance_uuid=server_id, state='x', method='y'
        ),
        '30': exception.InstanceNotFound(instance_id=server_id),
    }.get(server_id[-2:])


class FaultyDriver(fake.FakeDriverWithoutFakeNodes):
    def get_serial_console(self, context, instance):
        fail(instance.uuid)
        if instance.uuid[-2:] == LIVE:
            return ctype.ConsoleSerial('127.0.0.1', port_of('serial'))
        return super().get_serial_console(context, instance)

    def get_spice_console(self, context, instance):
        fail(instance.uuid)
        if instance.uuid[-2:] == LIVE:
            ports = (port_of('spice'), port_of('spice_tls'))
            return ctype.ConsoleSpice('127.0.0.1', *ports)
        return super().get_spice_console(context, instance)

    def get_vnc_console(self, context, instance):
        fail(instance.uuid)
        if instance.uuid[-2:] == LIVE:
            return ctype.ConsoleVNC('127.0.0.1', port_of('vnc'))
        return super().get_vnc_console(context, instance)


def port_of(protocol):
    """None for none, as a driver has it."""
    with open(os.environ['CONSOLE_EXT_GUESTS'], encoding='ascii') as file:
        return json.load(file).get(protocol)


def fail(server_id):
    if server_id[-2:] == SLOW:
        time.sleep(SLOW_S)
    error = error_of(server_id)
    if error is not None:
        raise error


if __name__ == '__main__':
    module = sys.modules[__name__]
    sys.modules['nova.virt.faulty'] = nova.virt.faulty = module
    compute.main()
