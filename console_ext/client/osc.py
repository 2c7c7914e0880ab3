# SPDX-License-Identifier: Apache-2.0
"""Commands for the openstack client, which finds them through their entry points."""

from __future__ import annotations

import argparse

from osc_lib.command import command

from console_ext.client import commands


class AttachConsole(command.Command):
    _description = commands.ATTACH

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_server(parser)
        commands.add_attach(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return commands.attach(parsed_args, self.app.client_manager.sdk_connection)


class OpenConsole(command.Command):
    _description = commands.OPEN

    def get_parser(self, prog_name: str) -> argparse.ArgumentParser:
        parser = super().get_parser(prog_name)
        _add_server(parser)
        commands.add_open(parser)
        return parser

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        return commands.open_page(parsed_args, self.app.client_manager.sdk_connection)


def _add_server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument('server', metavar='<server>', help='Server (name or ID)')
