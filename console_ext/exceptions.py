# SPDX-License-Identifier: Apache-2.0
"""The exceptions of this package.

They are independent of HTTP: ``wsgi.faults`` maps these classes to statuses.  An
exception has the values of what happened as attributes.  Unless its docstring says
otherwise, its text may be shown to a user.

::

    ConsoleExtError
    ├── ConfigurationError              the service cannot start as configured
    │   ├── ExtensionError              an extension cannot be loaded or combined
    │   └── InventoryError              the inventory file is invalid
    ├── RequestError                    the request cannot be matched to an operation
    │   ├── InvalidMicroversion
    │   ├── UnsupportedMicroversion
    │   ├── UnsupportedContentType
    │   ├── BodyTooLarge
    │   ├── MalformedBody
    │   ├── NoSuchAction
    │   └── NotAtThisMicroversion
    ├── Declined                        the wrapped API answers the request
    ├── MicroversionsUnavailable        the wrapped API's versions are unknown
    ├── NotAuthenticated
    │   └── NoAuthenticationFilter      the client's identity is not verified
    ├── ProjectMismatch
    ├── InvalidBody                     the request does not match its JSON schema
    ├── NotAuthorized                   a policy rule denies access
    ├── ConsoleError                    the server or its host cannot give this console
    │   ├── ServerNotFound
    │   ├── ServerNotReady
    │   ├── ServerStateConflict
    │   ├── InvalidConsoleType
    │   ├── ConsoleTypeUnavailable
    │   ├── ConsoleNotSupported
    │   ├── SerialPortsExhausted
    │   └── InvalidSerialPorts
    ├── ComputeUnavailable              the compute host cannot be reached now
    │   ├── HostUnreachable
    │   ├── ComputeNotReady
    │   ├── BusUnreachable
    │   └── TooManyCalls
    ├── ServersUnavailable              servers cannot be looked up now
    ├── LookUpFailed                    the look-up got an invalid answer
    ├── StoreUnavailable                the database of authorizations is unavailable
    ├── TokenNotFound                   a token is unknown, revoked or expired
    ├── TokenRefused                    a token is invalid or has been used
    │   └── RejoinRefused               a rejoin key is invalid or has been used
    ├── UnexpectedReply                 the compute host's answer is invalid
    └── ProxyError                      the token is valid, but the console cannot open
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
    """The base class of the exceptions of this package."""


class ConfigurationError(ConsoleExtError):
    """The service cannot start with its configuration; the text is one line.

    :param reason: may contain line breaks and texts of libraries or plugins
    """

    def __init__(self, reason: str):
        super().__init__(' '.join(reason.split()))


class ExtensionError(ConfigurationError):
    """An extension cannot be loaded, or conflicts with another one."""

    def __init__(self, alias: str, reason: str):
        self.alias = alias
        self.reason = reason
        super().__init__(f'API extension {alias!r}: {reason}')


class InventoryError(ConfigurationError):
    """The inventory file is missing or invalid.

    :param line: the 1-based line of the error; None if it concerns the whole file
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
    :param requested: the requested version, as (major, minor)
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
    """The operation exists, but not at the requested microversion."""

    def __init__(self) -> None:
        super().__init__('The resource could not be found.')


class Declined(ConsoleExtError):
    """The extension leaves the request to the wrapped API.

    :param instead: the error that the stand-alone API answers, because it has no other
        API; None for its usual answer to an unknown request
    """

    def __init__(self, instead: Exception | None = None):
        self.instead = instead
        super().__init__('The request is not for this extension.')


class MicroversionsUnavailable(ConsoleExtError):
    """The wrapped API does not return its range of microversions now."""

    def __init__(self) -> None:
        super().__init__(
            'The supported API versions cannot be determined now. Try again later.'
        )


class NotAuthenticated(ConsoleExtError):
    def __init__(self) -> None:
        super().__init__('The request you have made requires authentication.')


class NoAuthenticationFilter(NotAuthenticated):
    """No authentication filter has processed the request; its headers may be forged."""


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
    :param detail: the schema's error in Nova's wording
    """

    def __init__(self, detail: str):
        self.detail = detail
        super().__init__(detail)


class NotAuthorized(ConsoleExtError):
    def __init__(self, rule: str):
        self.rule = rule
        super().__init__(f"Policy doesn't allow {rule} to be performed.")


class ConsoleError(ConsoleExtError):
    """The server or its compute host cannot provide the console."""


class ServerNotFound(ConsoleError):
    """The server does not exist, or the caller may not know of it."""

    def __init__(self, server_id: str):
        self.server_id = server_id
        super().__init__(f'Instance {server_id} could not be found.')


class ServerNotReady(ConsoleError):
    """The server is not scheduled yet, or its host is still building it."""

    def __init__(self, server_id: str):
        self.server_id = server_id
        super().__init__(f'Instance {server_id} is not ready')


class ServerStateConflict(ConsoleError):
    """The server has no console in its current state.

    :param operation: Nova's name of the operation (``get_serial_console``)
    :param attribute: ``vm_state`` or ``task_state``; None if only the compute host
        knows the state
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
    """The server or its compute host is configured without this type of console."""

    def __init__(self, console_type: str):
        self.console_type = console_type
        super().__init__(f'Unavailable console type {console_type}.')


class ConsoleNotSupported(ConsoleError):
    """The host's hypervisor driver does not support this type of console."""

    def __init__(self) -> None:
        super().__init__('The requested functionality is not supported.')


class SerialPortsExhausted(ConsoleError):
    """The compute host has no free port for a serial console."""

    def __init__(self) -> None:
        super().__init__('Not able to acquire a free port for the serial console')


class InvalidSerialPorts(ConsoleError):
    """The number of serial ports in the flavor or the image is invalid."""

    def __init__(self) -> None:
        super().__init__('The number of serial ports of the server is invalid')


class ComputeUnavailable(ConsoleExtError):
    """The compute host cannot be reached now; a later request may succeed."""


class HostUnreachable(ComputeUnavailable):
    """
    :param host: for the log; users do not see the names of hosts
    """

    def __init__(self, host: str):
        self.host = host
        super().__init__('The compute service of the server is unavailable.')


class ComputeNotReady(ComputeUnavailable):
    """The compute host answers, but cannot reach a service that it depends on."""

    def __init__(self) -> None:
        super().__init__('The compute service of the server is not ready.')


class BusUnreachable(ComputeUnavailable):
    def __init__(self) -> None:
        super().__init__('The message bus is unavailable. Try again later.')


class TooManyCalls(ComputeUnavailable):
    """More calls are waiting for compute hosts than this process allows."""

    def __init__(self) -> None:
        super().__init__('Too many console requests are in progress. Try again later.')


class ServersUnavailable(ConsoleExtError):
    """The look-up does not answer now; it may later."""

    def __init__(self) -> None:
        super().__init__('Servers cannot be looked up now. Try again later.')


class LookUpFailed(ConsoleExtError):
    """The look-up got an invalid answer.

    :param reason: for the log only
    """

    def __init__(self, reason: str):
        self.reason = reason
        super().__init__(f'the look-up of a server failed: {reason}')


class StoreUnavailable(ConsoleExtError):
    """The database of authorizations does not answer now; it may later."""

    def __init__(self) -> None:
        super().__init__(
            'The database of console authorizations is unavailable. Try again later.'
        )


class RefusalReason(enum.StrEnum):
    """The reason to refuse a token; for the log."""

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
    :param reason: for the log; the text is the same for every reason, so that an
        attacker learns nothing
    """

    _text = 'This console URL is invalid or has expired. Request a new one.'

    def __init__(self, reason: RefusalReason):
        self.reason = reason
        super().__init__(self._text)


class RejoinRefused(TokenRefused):
    """As :exc:`TokenRefused`, for the key that opens a session again."""

    _text = 'This session cannot be opened again. Request a new console URL.'


class UnexpectedReply(ConsoleExtError):
    """A compute host's answer or error violates the RPC contract.

    :param reason: for the log only
    """

    def __init__(self, host: str, reason: str):
        self.host = host
        self.reason = reason
        super().__init__(f'compute host {host}: {reason}')


class ProxyError(ConsoleExtError):
    """The token is valid, but the proxy cannot open the console."""


class ConsoleMoved(ProxyError):
    """The server's console is no longer at the address in the authorization."""

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
    """The host refuses the connection, or is not the expected host."""


class TargetForbidden(ProxyError):
    """The console's address is not in a network that the proxy may connect to."""

    def __init__(self, host: str):
        self.host = host
        super().__init__(f'{host} is not in [console_proxy] allowed_targets')


class TooManySessions(ProxyError):
    """
    :param scope: proxy, client, server or project
    """

    def __init__(self, scope: str):
        self.scope = scope
        super().__init__(f'The {scope} has reached its limit of console sessions.')


class ProxyBusy(ProxyError):
    """Too many handshakes are waiting for the store or for compute hosts."""

    def __init__(self) -> None:
        super().__init__('Too many consoles are being opened.')
