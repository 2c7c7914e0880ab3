# SPDX-License-Identifier: Apache-2.0
"""Extensions that are installed, and what is wrong with some of them.

Each fault is planted as pip would install it, and met by a program.
"""

import pytest

from console_ext import exceptions, wsgi
from console_ext.policy import Policy
from console_ext.wsgi import loader
from console_ext.wsgi.extensions import NAMESPACE
from tests.parts.forked import Forked
from tests.planting import Site, only_line

GOOD = '''
    from oslo_policy import policy

    from console_ext import wsgi


    class Controller:
        @wsgi.action('os-wave')
        @wsgi.authorize('wave')
        def wave(self, request, server, body):
            return {}


    class Extension(wsgi.V21APIExtensionBase):
        """Waves at a server."""

        name = 'Wave'
        alias = 'wave'

        def get_controller_extensions(self):
            return [wsgi.ControllerExtension(self, 'servers', Controller())]

        def get_policies(self):
            return [policy.RuleDefault('wave', '@')]
'''

RESOURCE = '''
    from oslo_policy import policy

    from console_ext import wsgi


    class Controller:
        @wsgi.authorize('wave')
        def index(self, request):
            return {}

        @wsgi.authorize('wave')
        @wsgi.api_version('2.3')
        def delete(self, request, thing_id):
            return {}

        def helper(self):
            pass


    class Extension(wsgi.V21APIExtensionBase):
        """Adds a resource."""

        name = 'Wave'
        alias = 'wave'

        def get_resources(self):
            return [wsgi.ResourceExtension('things', Controller())]

        def get_policies(self):
            return [policy.RuleDefault('wave', '@')]
'''


class Programs:
    """``console-ext-manage routes``, with an extension more."""

    def __init__(self, manage, deployment):
        self.manage = manage
        self.deployment = deployment
        self.site = Site(deployment.path)

    def install(self, source, alias='wave', package='waving'):
        self.site.install(package, source, NAMESPACE, {alias: f'{package}:Extension'})

    def routes(self):
        options = '--config-file', str(self.deployment.config_file)
        return self.manage.run(*options, 'routes', site=self.site.path)

    def refusal(self):
        line = only_line(self.routes())
        program, _, reason = line.partition(': ')
        assert program == 'manage.py'
        return reason


@pytest.fixture(scope='module')
def manage(tmp_path_factory):
    with Forked('console_ext.cmd.manage', tmp_path_factory.mktemp('manage')) as program:
        yield program


@pytest.fixture
def programs(manage, deployment):
    return Programs(manage, deployment)


RULE = 'os_compute_api:os-remote-consoles'
TOKEN = 'GET /os-console-auth-tokens/{console_token}'
TOKEN_RULE = 'os_compute_api:os-console-auth-tokens os-console-auth-tokens'
NOUN_OF_SERVER = 'POST /servers/{server_id}/remote-consoles - 2.6–'
NOUNS = [
    f'{TOKEN} - 2.1–2.30 {TOKEN_RULE}',
    f'{TOKEN} - 2.31– {TOKEN_RULE}',
    f'{NOUN_OF_SERVER} {RULE} os-remote-consoles',
    f'{NOUN_OF_SERVER} {RULE}:serial os-remote-consoles',
    f'{NOUN_OF_SERVER} {RULE}:spice os-remote-consoles',
    f'{NOUN_OF_SERVER} {RULE}:spice-direct os-remote-consoles',
    f'{NOUN_OF_SERVER} {RULE}:vnc os-remote-consoles',
]
ACTION = 'POST /servers/{server_id}/action'
ACTIONS = [
    f'{ACTION} os-getSerialConsole 2.1–2.5 {RULE}:serial os-remote-consoles',
    f'{ACTION} os-getSPICEConsole 2.1–2.5 {RULE}:spice os-remote-consoles',
    f'{ACTION} os-getVNCConsole 2.1–2.5 {RULE}:vnc os-remote-consoles',
]
HEADING = 'METHOD PATH ACTION MICROVERSIONS POLICY EXTENSION'
BUILT_IN = [HEADING, *NOUNS, *ACTIONS]
# Where the nouns of extensions with later aliases begin.
OTHERS = 1 + len(NOUNS)


def table(result):
    assert (result.returncode, result.stderr) == (0, '')
    return [' '.join(line.split()) for line in result.stdout.splitlines()]


def test_routes_of_this_package(programs):
    """The final table as it is released: a change here is a change of the API."""
    assert table(programs.routes()) == BUILT_IN


def test_action_of_another_package(programs):
    """An installed extension is there, without a word in any configuration."""
    programs.install(GOOD)
    assert table(programs.routes()) == [
        *BUILT_IN,
        'POST /servers/{server_id}/action os-wave 2.1– wave wave',
    ]


def test_resource_of_another_package(programs):
    """The methods it has, marked ones and a helper that is none."""
    programs.install(RESOURCE)
    assert table(programs.routes())[OTHERS : OTHERS + 2] == [
        'GET /things - 2.1– wave wave',
        'DELETE /things/{thing_id} - 2.3– wave wave',
    ]


def test_resource_below_a_server(programs):
    """Its path names the server that it is about."""
    programs.install(
        RESOURCE.replace(
            "'things', Controller()", "'things', Controller(), ('servers', 'server')"
        )
    )
    assert table(programs.routes())[OTHERS] == (
        'GET /servers/{server_id}/things - 2.1– wave wave'
    )


def test_resource_with_a_name_for_its_ids(programs):
    """As it stands in the path, and in the method's arguments."""
    named = "'things', Controller(), id_name='number'"
    programs.install(RESOURCE.replace("'things', Controller()", named))
    assert table(programs.routes())[OTHERS + 1] == (
        'DELETE /things/{number} - 2.3– wave wave'
    )


OVERLOADED = RESOURCE.replace('class Controller:', 'class Controller(wsgi.Controller):')
OVERLOADED = OVERLOADED.replace(
    '        def helper(self):',
    """        @wsgi.authorize('wave')
        @wsgi.api_version('2.1', '2.2')
        def delete(self, request, thing_id):
            return {}

        def helper(self):""",
)


def test_methods_of_one_name(programs):
    """Each has a line of its own, in the order of the microversions."""
    programs.install(OVERLOADED)
    assert table(programs.routes())[OTHERS + 1 : OTHERS + 3] == [
        'DELETE /things/{thing_id} - 2.1–2.2 wave wave',
        'DELETE /things/{thing_id} - 2.3– wave wave',
    ]


def test_methods_of_one_name_that_overlap(programs):
    """The start fails: a request would match both methods."""
    programs.install(OVERLOADED.replace("'2.1', '2.2'", "'2.1', '2.3'"))
    assert programs.refusal() == (
        "API extension 'wave': Controller.delete is defined several times: "
        '2.1–2.3 and 2.3– overlap'
    )


TWO_ACTIONS = GOOD.replace(
    'def wave(self, request, server, body):',
    """@wsgi.api_version('2.1', '2.5')
        def wave(self, request, server, body):
            return {}

        @wsgi.action('os-wave')
        @wsgi.authorize('wave')
        @wsgi.api_version('2.6')
        def wave_again(self, request, server, body):""",
)


@pytest.mark.parametrize('name', ['wave_again', 'wave'])
def test_action_of_several_methods(programs, name):
    """At different microversions they may have one name; or one name in Python too."""
    source = TWO_ACTIONS.replace('wave_again', name)
    if name == 'wave':
        source = source.replace(
            'class Controller:', 'class Controller(wsgi.Controller):'
        )
    programs.install(source)
    assert table(programs.routes())[-2:] == [
        'POST /servers/{server_id}/action os-wave 2.1–2.5 wave wave',
        'POST /servers/{server_id}/action os-wave 2.6– wave wave',
    ]


def test_action_of_another_extension_at_another_version(programs):
    """An action belongs to one extension at all microversions."""
    source = GOOD.replace('os-wave', 'os-getSerialConsole').replace(
        "@wsgi.authorize('wave')",
        "@wsgi.authorize('wave')\n        @wsgi.api_version('2.6')",
    )
    programs.install(source)
    assert programs.refusal() == (
        "API extension 'wave': os-remote-consoles already provides the action "
        'os-getSerialConsole'
    )


def test_rules_that_are_chosen(programs):
    """Each of them has a row."""
    chosen = GOOD.replace(
        "@wsgi.authorize('wave')", "@wsgi.authorize(str, ['wave', 'wave:twice'])"
    )
    two = "policy.RuleDefault('wave', '@'), policy.RuleDefault('wave:twice', '@')"
    programs.install(chosen.replace("policy.RuleDefault('wave', '@')", two))
    assert table(programs.routes())[-2:] == [
        'POST /servers/{server_id}/action os-wave 2.1– wave wave',
        'POST /servers/{server_id}/action os-wave 2.1– wave:twice wave',
    ]


def test_disabled_extension_is_not_imported(programs):
    """Not even if it would stop the program."""
    programs.install('raise SystemExit("I was imported")')
    programs.deployment.configure(api={'disabled_extensions': 'wave'})
    assert table(programs.routes()) == BUILT_IN


def test_all_disabled(programs):
    """An API without any extension starts."""
    programs.deployment.configure(
        api={'disabled_extensions': 'os-remote-consoles,os-console-auth-tokens'}
    )
    assert table(programs.routes()) == BUILT_IN[:1]


def test_unknown_disabled_alias(programs):
    """The start fails: a misspelled alias would leave an extension enabled."""
    programs.deployment.configure(api={'disabled_extensions': 'os-remote-console,b'})
    assert programs.refusal() == (
        '[api] disabled_extensions lists b, os-remote-console, which is not '
        'installed. Installed extensions: os-console-auth-tokens, os-remote-consoles'
    )


def test_duplicate_alias(programs):
    """Two packages provide the same alias; disabling it is one way out."""
    programs.install(GOOD)
    programs.install(GOOD, package='waving_too')
    assert programs.refusal() == (
        "API extension 'wave': several installed packages provide it; uninstall all "
        'but one'
    )
    programs.deployment.configure(api={'disabled_extensions': 'wave'})
    assert table(programs.routes()) == BUILT_IN


def test_duplicate_alias_of_this_package(programs):
    """Another package cannot replace the built-in extension."""
    programs.install(GOOD, alias='os-remote-consoles')
    assert programs.refusal() == (
        "API extension 'os-remote-consoles': several installed packages provide it; "
        'uninstall all but one'
    )


def test_duplicate_action(programs):
    """The error names the extension that already provides the action."""
    programs.install(GOOD.replace('os-wave', 'os-getSerialConsole'))
    assert programs.refusal() == (
        "API extension 'wave': os-remote-consoles already provides the action "
        'os-getSerialConsole'
    )


# A change that breaks a valid extension, and the resulting error.
FAULTS = [
    (
        GOOD,
        'from oslo_policy',
        'import no_such_module\n    from oslo_policy',
        "it cannot be loaded: ModuleNotFoundError: No module named 'no_such_module'",
    ),
    (
        GOOD,
        'class Extension(',
        'class Renamed(',
        'it cannot be loaded: AttributeError: ',
    ),
    (
        GOOD,
        'class Controller:',
        'class Controller',
        'it cannot be loaded: SyntaxError: ',
    ),
    (
        GOOD,
        "name = 'Wave'",
        "name = 'Wave'\n\n        def __init__(self, conf): 1 / 0",
        'it cannot be loaded: ZeroDivisionError: division by zero',
    ),
    (
        GOOD,
        "name = 'Wave'",
        "name = 'Wave'\n\n        def __init__(self): pass",
        'it cannot be loaded: TypeError: ',
    ),
    (GOOD, '(wsgi.V21APIExtensionBase)', '', 'it cannot be loaded: TypeError: '),
    (
        GOOD,
        'class Extension(wsgi.V21APIExtensionBase):',
        'def Extension(conf):',
        'its class is not a subclass of V21APIExtensionBase',
    ),
    (
        GOOD,
        "alias = 'wave'",
        "alias = 'wavy'",
        'the alias of its class differs from the name of its entry point',
    ),
    (
        GOOD,
        "alias = 'wave'",
        '',
        'the alias of its class differs from the name of its entry point',
    ),
    (GOOD, "name = 'Wave'", '', 'its class has no name or no docstring'),
    (GOOD, '"""Waves at a server."""', '', 'its class has no name or no docstring'),
    (GOOD, "@wsgi.authorize('wave')", '', 'Controller.wave declares no policy rule'),
    (
        GOOD,
        "@wsgi.authorize('wave')",
        "@wsgi.authorize('wavy')",
        'the policy rule wavy is not registered',
    ),
    (
        GOOD,
        "@wsgi.authorize('wave')",
        "@wsgi.authorize(str, rules=['wave', 'wavy'])",
        'the policy rule wavy is not registered',
    ),
    (
        GOOD,
        "@wsgi.authorize('wave')",
        '@wsgi.authorize(str)',
        'Controller.wave declares no policy rule',
    ),
    (GOOD, "@wsgi.action('os-wave')", '', 'Controller has no action'),
    (
        GOOD,
        "'servers', Controller()",
        "'images', Controller()",
        'the resource images accepts no actions; only servers does',
    ),
    (
        GOOD,
        "@wsgi.authorize('wave')",
        "@wsgi.authorize('wave')\n        @validation.schema({'type': 'x'})",
        'Controller.wave declares an invalid schema: ',
    ),
    (
        GOOD,
        "@wsgi.authorize('wave')",
        "@wsgi.authorize('wave')\n        @validation.schema({}, '2.1', '2.6')"
        "\n        @validation.schema({}, '2.6')",
        'Controller.wave declares schemas for 2.6– and 2.1–2.6, which overlap',
    ),
    (
        GOOD,
        "@wsgi.authorize('wave')",
        "@wsgi.authorize('wave')\n        @wsgi.api_version('two')",
        'Controller.wave: API Version String two is of invalid format.',
    ),
    (
        RESOURCE,
        "'things'",
        "'servers'",
        'the compute API already provides the resource /servers',
    ),
    (
        RESOURCE,
        "[wsgi.ResourceExtension('things', Controller())]",
        "[wsgi.ResourceExtension('things', Controller())] * 2",
        'wave already provides the resource /things',
    ),
    (
        RESOURCE,
        "'things', Controller()",
        "'things', object()",
        'object has none of the methods index, create, show, update, delete',
    ),
    (
        RESOURCE,
        "@wsgi.authorize('wave')\n        def index",
        'def index',
        'Controller.index declares no policy rule',
    ),
]


@pytest.mark.parametrize(
    ('source', 'old', 'new', 'reason'), FAULTS, ids=lambda text: text[:30].strip()
)
def test_fault(programs, source, old, new, reason):
    """The start fails with one line: the extension and the reason."""
    assert old in source
    changed = source.replace(old, new, 1)
    if 'validation' in new:
        changed = changed.replace(
            'from console_ext import wsgi',
            'from console_ext import wsgi\n    from console_ext.wsgi import validation',
        )
    programs.install(changed)
    # Without them the test is faster.
    programs.deployment.configure(
        api={'disabled_extensions': 'os-remote-consoles,os-console-auth-tokens'}
    )
    refusal = programs.refusal()
    assert refusal.startswith(f"API extension 'wave': {reason}")


def test_rule_of_another_extension(programs):
    """Two extensions cannot register the same rule."""
    rule = "policy.RuleDefault('os_compute_api:os-remote-consoles', '@')"
    programs.install(GOOD.replace("policy.RuleDefault('wave', '@')", rule))
    assert 'os_compute_api:os-remote-consoles' in programs.refusal()


def test_action_of_two_methods(programs):
    """Two methods of one controller cannot provide the same action."""
    twice = """def wave(self, request, server, body):
            return {}

        @wsgi.action('os-wave')
        @wsgi.authorize('wave')
        def wave_again(self, request, server, body):"""
    programs.install(GOOD.replace('def wave(self, request, server, body):', twice))
    assert programs.refusal() == (
        "API extension 'wave': wave already provides the action os-wave"
    )


@pytest.mark.parametrize(
    ('declared', 'reason'),
    [
        (
            "'action', Controller(), ('servers', 'server')",
            'the compute API already provides the resource /servers/{server_id}/action',
        ),
        (
            "'things', Controller(), ('servers', 'instance')",
            'a member of servers is called server, not instance',
        ),
    ],
)
def test_resource_that_collides_with_servers(programs, declared, reason):
    """An extension cannot redefine a path or the member name of servers."""
    programs.install(RESOURCE.replace("'things', Controller()", declared))
    assert programs.refusal() == f"API extension 'wave': {reason}"


@pytest.mark.parametrize(
    'name', ['get_policies', 'get_controller_extensions', 'get_resources']
)
def test_extension_whose_method_fails(deployment, name):
    """One line has the alias and the error, for each method."""

    class Broken(wsgi.V21APIExtensionBase):
        """Raises."""

        name = 'Broken'
        alias = 'broken'

    def fail(self):
        raise KeyError('missing')

    setattr(Broken, name, fail)
    conf = deployment.conf()
    extensions = [Broken(conf)]
    with pytest.raises(exceptions.ExtensionError, match=r"'broken': .*KeyError"):
        loader.build_router(extensions, Policy(conf, loader.policies_of(extensions)))
