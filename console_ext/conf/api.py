# SPDX-License-Identifier: Apache-2.0
"""[api]: the extension host, stand-alone or as a filter."""

from oslo_config import cfg, types

from console_ext.consoles import TYPES

GROUP = 'api'

OPTS = [
    cfg.ListOpt(
        'disabled_extensions',
        default=[],
        help='Aliases of installed API extensions that are not to be loaded. '
        'A disabled extension is not imported. An alias that is not installed is '
        'an error.',
    ),
    cfg.ListOpt(
        'console_types',
        default=[one.type for one in TYPES],
        item_type=types.String(choices=[one.type for one in TYPES]),
        help='Types of consoles that the extension serves. In a filter, the API behind '
        'answers requests for the others; with "remote-consoles", a request is the '
        "extension's if one of these types has its protocol.",
    ),
    cfg.StrOpt(
        'servers',
        default='inventory',
        help='Where the extension looks a server up: a name in the entry point '
        'namespace console_ext.servers.',
    ),
    cfg.ListOpt(
        'upstream_roles',
        default=['admin'],
        help='Roles with which the API behind the filter is asked for a server, where '
        'servers = upstream. That API has to show them every server, and its host '
        '(in Nova, the rule context_is_admin says to whom it does).',
    ),
    cfg.FloatOpt(
        'look_up_timeout',
        default=10,
        min=0.1,
        max=3600,
        help="Seconds to wait for Nova's databases, where servers = nova. The API "
        'behind the filter, for servers = upstream, has time limits of its own.',
    ),
    cfg.StrOpt(
        'auth_strategy',
        default='keystone',
        choices=[
            ('keystone', 'keystonemiddleware checks a token with keystone'),
            ('noauth', 'the token itself says who is asking; for loopback only'),
        ],
        help='The pipeline of api-paste.ini that the stand-alone API serves.',
    ),
    cfg.StrOpt(
        'paste_config',
        default='api-paste.ini',
        help='The PasteDeploy file of the stand-alone API: a path, or a name that '
        'is looked for beside the configuration files.',
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
        help='Requests that console-ext-api answers at once.',
    ),
    cfg.BoolOpt(
        'noauth_allow_remote',
        default=False,
        help='Let the noauth strategy answer clients that are not on loopback. '
        'Anyone who reaches the port then is whoever they say.',
    ),
    cfg.StrOpt(
        'noauth_user_id',
        default='demo',
        help='Who is asking, under noauth, when the token does not say.',
    ),
    cfg.StrOpt(
        'noauth_project_id',
        default='aaaaaaaa00004000800000000000000a',
        help='For which project, under noauth, when the token does not say.',
    ),
    cfg.ListOpt(
        'noauth_roles',
        default=['member', 'reader'],
        help='With which roles, under noauth, when the token does not say.',
    ),
]
