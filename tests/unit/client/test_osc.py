# SPDX-License-Identifier: Apache-2.0
"""The commands of the openstack client pass on its arguments."""

from types import SimpleNamespace

import pytest

from console_ext.client import commands, osc


@pytest.mark.parametrize(
    ('cls', 'function', 'argv', 'expected'),
    [
        (osc.AttachConsole, 'attach', ['web-1', '--linger', '3'], {'linger': 3.0}),
        (osc.OpenConsole, 'open_page', ['web-1', '--serial'], {'console': 'serial'}),
    ],
)
def test_command(monkeypatch, cls, function, argv, expected):
    calls = []
    monkeypatch.setattr(commands, function, lambda *args: calls.append(args) or 3)
    cloud = object()
    app = SimpleNamespace(client_manager=SimpleNamespace(sdk_connection=cloud))
    command = cls(app, None)
    assert command.get_description() in (commands.ATTACH, commands.OPEN)
    args = command.get_parser('openstack console').parse_args(argv)
    assert command.take_action(args) == 3
    ((given, connection),) = calls
    assert connection is cloud
    assert {'server': 'web-1', **expected}.items() <= vars(given).items()
