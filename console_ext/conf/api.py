# SPDX-License-Identifier: Apache-2.0
"""[api]: the API, stand-alone or as a filter."""

from oslo_config import cfg, types

from console_ext.consoles import TYPES

GROUP = 'api'

OPTS = [
    cfg.ListOpt(
        'disabled_extensions',
        default=[],
        help='Aliases of installed API extensions that are not loaded. A disabled '
        'extension is not imported. An alias that is not installed is an error.',
    ),
    cfg.ListOpt(
        'console_types',
        default=[one.type for one in TYPES],
        item_type=types.String(choices=[one.type for one in TYPES]),
        help='Console types that the extension serves. In a filter, the wrapped API '
        'answers requests for other types. A request for "remote-consoles" is handled '
        'by the extension if one of these types has its protocol.',
    ),
    cfg.StrOpt(
        'servers',
        default='inventory',
        help='The look-up driver that finds servers: "inventory", "nova", "upstream", '
        'or the name of another entry point in the namespace console_ext.servers. The '
        'stand-alone API only works with "inventory".',
    ),
    cfg.ListOpt(
        'upstream_roles',
        default=['admin'],
        help='With servers = upstream: the roles that the filter uses to get a server '
        'from the wrapped API. They must allow it to see every server and its host. '
        'In Nova, the rule context_is_admin defines these roles.',
    ),
    cfg.FloatOpt(
        'look_up_timeout',
        default=10,
        min=0.1,
        max=3600,
        help="With servers = nova: the time in seconds to wait for Nova's databases. "
        'With servers = upstream, the timeouts of the wrapped API apply.',
    ),
    cfg.StrOpt(
        'auth_strategy',
        default='keystone',
        choices=[
            ('keystone', 'keystonemiddleware checks a token with keystone'),
            ('noauth', 'the token states the identity, unverified; for loopback only'),
        ],
        help='The pipeline of api-paste.ini that the stand-alone API uses.',
    ),
    cfg.StrOpt(
        'paste_config',
        default='api-paste.ini',
        help='The PasteDeploy file of the stand-alone API: a path, or the name of a '
        'file in a directory of the configuration files.',
    ),
    cfg.HostAddressOpt(
        'listen_host',
        default='127.0.0.1',
        help='Address that console-ext-api listens on.',
    ),
    cfg.PortOpt(
        'listen_port',
        default=8774,
        help='Port that console-ext-api listens on.',
    ),
    cfg.IntOpt(
        'threads',
        default=16,
        min=1,
        max=512,
        help='Number of requests that console-ext-api handles at the same time.',
    ),
    cfg.BoolOpt(
        'noauth_allow_remote',
        default=False,
        help='Let the noauth strategy serve clients on other machines. Then everyone '
        'who can reach the port can claim any identity.',
    ),
    cfg.StrOpt(
        'noauth_user_id',
        default='demo',
        help='With noauth: the user id, if the token does not state one.',
    ),
    cfg.StrOpt(
        'noauth_project_id',
        default='aaaaaaaa00004000800000000000000a',
        help='With noauth: the project id, if the token does not state one.',
    ),
    cfg.ListOpt(
        'noauth_roles',
        default=['member', 'reader'],
        help='With noauth: the roles, if the token does not state them.',
    ),
]
