# SPDX-License-Identifier: Apache-2.0
"""What can go wrong.

Nothing here knows HTTP: ``wsgi.faults`` has the one table from these classes to
statuses.  Each class carries the values of what happened; its text is made from
them and is fit to be shown to a user.

::

    ConsoleExtError
    ├── ConfigurationError              the service cannot start as configured
    │   ├── ExtensionError              an extension cannot be loaded or combined
    │   └── InventoryError              the inventory file is not usable
    ├── RequestError                    the request cannot be matched to an operation
    │   ├── InvalidMicroversion
    │   ├── UnsupportedMicroversion
    │   ├── UnsupportedContentType
    │   ├── BodyTooLarge
    │   ├── MalformedBody
    │   ├── NoSuchAction
    │   └── NotAtThisMicroversion
    ├── Declined                        the API behind answers the request
    ├── MicroversionsUnavailable        the API behind does not say what it supports
    ├── NotAuthenticated
    │   └── NoAuthenticationFilter      the client's own word is all there is
    ├── ProjectMismatch
    ├── InvalidBody                     the request's JSON schema says no
    ├── NotAuthorized                   a policy rule says no
    ├── ConsoleError                    the server or its host cannot give this console
    │   ├── ServerNotFound
    │   ├── ServerNotReady
    │   ├── ServerStateConflict
    │   ├── InvalidConsoleType
    │   ├── ConsoleTypeUnavailable
    │   ├── ConsoleNotSupported
    │   ├── SerialPortsExhausted
    │   └── InvalidSerialPorts
    ├── ComputeUnavailable              later, rather than never
    │   ├── HostUnreachable
    │   ├── ComputeNotReady
    │   ├── BusUnreachable
    │   └── TooManyCalls
    ├── ServersUnavailable              servers cannot be looked up now
    ├── LookUpFailed                    what is asked for servers answers nonsense
    ├── StoreUnavailable                the database of authorizations is away
    ├── TokenNotFound                   a token is in no store
    ├── TokenRefused                    a console's token opens nothing
    ├── UnexpectedReply                 the compute host answered what it should not
    └── ProxyError                      a console was granted, but cannot be opened
        ├── ConsoleMoved
        ├── TargetUnreachable
        │   └── TargetRefused
        ├── TargetForbidden
        ├── TooManySessions
        └── ProxyBusy
"""

from __future__ import annotations

import enum


class ConsoleExtError(Exception):
    """The root of everything this package raises on purpose."""


class ConfigurationError(ConsoleExtError):
    """The service cannot start as it is configured; the text is one clear line.

    :param reason: of any form; it may hold what a library or a plugin says
    """

    def __init__(self, reason: str):
        super().__init__(' '.join(reason.split()))


class ExtensionError(ConfigurationError):
    """An extension cannot be loaded, or not together with the others."""

    def __init__(self, alias: str, reason: str):
        self.alias = alias
        self.reason = reason
        super().__init__(f'API extension {alias!r}: {reason}')


class InventoryError(ConfigurationError):
    """The inventory file is not usable.

    :param line: the 1-based line the reason is about; None for the whole file
    """

    def __init__(self, path: str, reason: str, line: int | None = None):
        self.path = path
        self.line = line
        self.reason = reason
        where = path if line is None else f'{path}, line {line}'
        super().__init__(f'inventory {where}: {reason}')


class RequestError(ConsoleExtError):
    """The request cannot be matched to an operation."""


class InvalidMicroversion(RequestError):
    def __init__(self, text: str):
        self.text = text
        super().__init__(
            f'API Version String {text} is of invalid format. '
            'Must be of format MajorNum.MinorNum.'
        )


class UnsupportedMicroversion(RequestError):
    """
    :param requested: what the client asked for, as (major, minor)
    """

    def __init__(self, requested: tuple[int, int], minimum: str, maximum: str):
        self.requested = requested
        self.minimum = minimum
        self.maximum = maximum
        super().__init__(
            f'Version {requested[0]}.{requested[1]} is not supported by the API. '
            f'Minimum is {minimum} and maximum is {maximum}.'
        )


class UnsupportedContentType(RequestError):
    def __init__(self) -> None:
        super().__init__('Unsupported Content-Type')


class BodyTooLarge(RequestError):
    """
    :param limit: in bytes
    """

    def __init__(self, limit: int):
        self.limit = limit
        super().__init__(f'Request is too large. Larger than {limit} bytes.')


class MalformedBody(RequestError):
    def __init__(self) -> None:
        super().__init__('Malformed request body')


class NoSuchAction(RequestError):
    def __init__(self, action: str):
        self.action = action
        super().__init__(f'There is no such action: {action}')


class NotAtThisMicroversion(RequestError):
    """The operation exists, but not at the version that was asked for."""

    def __init__(self) -> None:
        super().__init__('The resource could not be found.')


class Declined(ConsoleExtError):
    """The request is left to the API behind the filter, which answers it.

    :param instead: what is answered where there is no other API; None for what the
        stand-alone API says of a request that no extension takes
    """

    def __init__(self, instead: Exception | None = None):
        self.instead = instead
        super().__init__('The request is not for this extension.')


class MicroversionsUnavailable(ConsoleExtError):
    """The API behind the filter does not say now which microversions it supports."""

    def __init__(self) -> None:
        super().__init__(
            'The supported API versions cannot be determined now. Try again later.'
        )


class NotAuthenticated(ConsoleExtError):
    def __init__(self) -> None:
        super().__init__('The request you have made requires authentication.')


class NoAuthenticationFilter(NotAuthenticated):
    """No authentication filter has seen the request; its headers are the client's."""


class ProjectMismatch(ConsoleExtError):
    def __init__(self, url_project_id: str, project_id: str | None):
        self.url_project_id = url_project_id
        self.project_id = project_id
        super().__init__(
            f"Malformed request URL: URL's project_id '{url_project_id}' "
            f"doesn't match Context's project_id '{project_id}'"
        )


class InvalidBody(ConsoleExtError):
    """
    :param detail: what the schema refused, in Nova's words
    """

    def __init__(self, detail: str):
        self.detail = detail
        super().__init__(detail)


class NotAuthorized(ConsoleExtError):
    def __init__(self, rule: str):
        self.rule = rule
        super().__init__(f"Policy doesn't allow {rule} to be performed.")


class ConsoleError(ConsoleExtError):
    """The server, or the host it runs on, cannot give this console."""


class ServerNotFound(ConsoleError):
    """There is no such server, or none that the caller may know of."""

    def __init__(self, server_id: str):
        self.server_id = server_id
        super().__init__(f'Instance {server_id} could not be found.')


class ServerNotReady(ConsoleError):
    """The server has no host yet, or its host is still building it."""

    def __init__(self, server_id: str):
        self.server_id = server_id
        super().__init__(f'Instance {server_id} is not ready')


class ServerStateConflict(ConsoleError):
    """The server is in a state in which it has no console.

    :param operation: what was asked for, by Nova's name (``get_serial_console``)
    :param attribute: ``vm_state`` or ``task_state``; None if only the compute host
        knows
    """

    def __init__(
        self,
        server_id: str,
        operation: str,
        attribute: str | None = None,
        state: str | None = None,
    ):
        self.server_id = server_id
        self.operation = operation
        self.attribute = attribute
        self.state = state
        if attribute is None:
            text = f"Instance {server_id} is in an invalid state for '{operation}'"
        else:
            text = (
                f"Cannot '{operation}' instance {server_id} while it is in "
                f'{attribute} {state}'
            )
        super().__init__(text)


class InvalidConsoleType(ConsoleError):
    def __init__(self, console_type: str):
        self.console_type = console_type
        super().__init__(f'Invalid console type {console_type}')


class ConsoleTypeUnavailable(ConsoleError):
    """The server, or its host, is set up without this type of console."""

    def __init__(self, console_type: str):
        self.console_type = console_type
        super().__init__(f'Unavailable console type {console_type}.')


class ConsoleNotSupported(ConsoleError):
    """The host's hypervisor driver does not know this type of console."""

    def __init__(self) -> None:
        super().__init__('The requested functionality is not supported.')


class SerialPortsExhausted(ConsoleError):
    """The compute host has no free port for a serial console."""

    def __init__(self) -> None:
        super().__init__('Not able to acquire a free port for the serial console')


class InvalidSerialPorts(ConsoleError):
    """The flavor's or the image's number of serial ports is not usable."""

    def __init__(self) -> None:
        super().__init__('The number of serial ports of the server is invalid')


class ComputeUnavailable(ConsoleExtError):
    """The compute host cannot be asked now; asking again later makes sense."""


class HostUnreachable(ComputeUnavailable):
    """
    :param host: for the log; a user is not told the names of hosts
    """

    def __init__(self, host: str):
        self.host = host
        super().__init__('The compute service of the server is unavailable.')


class ComputeNotReady(ComputeUnavailable):
    """The compute host answers, but cannot reach a service that it needs itself."""

    def __init__(self) -> None:
        super().__init__('The compute service of the server is not ready.')


class BusUnreachable(ComputeUnavailable):
    def __init__(self) -> None:
        super().__init__('The message bus is unavailable.')


class TooManyCalls(ComputeUnavailable):
    """More calls are waiting for compute hosts than this process allows."""

    def __init__(self) -> None:
        super().__init__('Too many console requests are in progress.')


class ServersUnavailable(ConsoleExtError):
    """What knows the servers does not answer; it may later."""

    def __init__(self) -> None:
        super().__init__('Servers cannot be looked up now.')


class LookUpFailed(ConsoleExtError):
    """What knows the servers answered what it should not.

    :param reason: for the log only
    """

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(f'the look-up of a server failed: {reason}')


class StoreUnavailable(ConsoleExtError):
    """The database of authorizations does not answer; it may later."""

    def __init__(self) -> None:
        super().__init__('The database of console authorizations is unavailable.')


class RefusalReason(enum.StrEnum):
    """Why a token opens nothing; for the log."""

    UNKNOWN = 'unknown'
    WRONG_TYPE = 'wrong_type'
    REVOKED = 'revoked'
    EXPIRED = 'expired'
    USED = 'used'
    OTHER_CLIENT = 'other_client'
    TOO_MANY_SOCKETS = 'too_many_sockets'
    TOO_MANY_JOINS = 'too_many_joins'


class TokenNotFound(ConsoleExtError):
    """A token is unknown, revoked or expired."""

    def __init__(self) -> None:
        super().__init__('Token not found')


class TokenRefused(ConsoleExtError):
    """
    :param reason: for the log; whoever tries tokens is told the same in every case
    """

    def __init__(self, reason: RefusalReason):
        self.reason = reason
        super().__init__('This console URL is not valid, or is not any more.')


class UnexpectedReply(ConsoleExtError):
    """A compute host's answer, or its error, is not one that the contract knows.

    :param reason: for the log only
    """

    def __init__(self, host: str, reason: str):
        self.host = host
        self.reason = reason
        super().__init__(f'compute host {host}: {reason}')


class ProxyError(ConsoleExtError):
    """A console was granted, but the proxy cannot open it."""


class ConsoleMoved(ProxyError):
    """The server's console is no longer where the authorization says."""

    def __init__(self, server_id: str):
        self.server_id = server_id
        super().__init__(f'The console of server {server_id} has moved.')


class TargetUnreachable(ProxyError):
    """
    :param reason: for the log only
    """

    def __init__(self, host: str, port: int, reason: str):
        self.host = host
        self.port = port
        self.reason = reason
        super().__init__(f'{host} port {port}: {reason}')


class TargetRefused(TargetUnreachable):
    """What listens there does not let the proxy in, or is not what it should be."""


class TargetForbidden(ProxyError):
    """The console's address is in none of the networks that the proxy may reach."""

    def __init__(self, host: str):
        self.host = host
        super().__init__(f'{host} is not in [console_proxy] allowed_targets')


class TooManySessions(ProxyError):
    """
    :param scope: whose cap is reached: proxy, client, server or project
    """

    def __init__(self, scope: str):
        self.scope = scope
        super().__init__(f'The {scope} has as many console sessions as it may have.')


class ProxyBusy(ProxyError):
    """More handshakes wait for the store or for compute hosts than is sensible."""

    def __init__(self) -> None:
        super().__init__('Too many consoles are being opened.')
