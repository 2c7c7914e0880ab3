# SPDX-License-Identifier: Apache-2.0
"""``console-ext-manage check``: tests what the API depends on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import partial
from wsgiref.types import StartResponse, WSGIEnvironment

import oslo_messaging
from oslo_config import cfg

from console_ext import exceptions
from console_ext.cmd.check import pipeline, spelling, urls
from console_ext.cmd.check.report import Report, Wrong
from console_ext.context import RequestContext
from console_ext.policy import Policy
from console_ext.rpc import cells, probe, transport
from console_ext.servers import base as servers
from console_ext.servers import nova
from console_ext.servers.base import LookUp, Server, Source
from console_ext.standalone import app, deploy
from console_ext.store import load_store
from console_ext.wsgi import loader
from console_ext.wsgi.extensions import V21APIExtensionBase

# The time for a check, in addition to the timeouts of the options.
_MARGIN_S = 5.0

# The user id for looking servers up.
_USER_ID = 'console-ext-manage'


class Check:
    """Checks each part that the API depends on once.

    :param paste: the PasteDeploy file with the filter; None for the one in the
        directory of the configuration files
    """

    def __init__(self, conf: cfg.ConfigOpts, report: Report, paste: str | None):
        self._conf = conf
        self._report = report
        self._paste = paste
        # Whether a bus has a working broker, by its URLs: cells may share a bus.
        self._checked_buses: dict[tuple[str, ...], bool] = {}

    def parts(self) -> LookUp | None:
        """
        :returns: the look-up, or None if it cannot be loaded
        """
        conf, report = self._conf, self._report
        report.ask('configuration', partial(_configuration, conf))
        if conf.api.servers == 'nova':
            # First, because it sets up libraries that the other checks use.
            report.ask('nova', partial(_nova, conf))
        extensions = report.ask('extensions', partial(_extensions, conf), _aliases)
        if extensions is not None:
            report.ask('policy', partial(_policy, conf, extensions))
            report.ask('clients', partial(urls.clients, conf, extensions))
        self._ask_configured_bus()
        if conf.console_rpc.cell_bus:
            named = report.ask('cells', partial(cells.buses, conf), ', '.join)
            for cell, url in (named or {}).items():
                self._ask_bus(f'broker of cell {cell}', url)
        look_up, sources = report.ask(
            'look-up', partial(_look_up, conf), lambda _: str(conf.api.servers)
        ) or (None, [])
        for source in sources:
            report.ask(source.name, partial(_read, source))
            if source.bus_url is not None:
                self._ask_bus(f'broker of {source.name}', source.bus_url)
        report.ask('store', partial(_store, conf))
        self._ask_urls()
        report.ask('pipeline', partial(_pipeline, conf, self._paste))
        return look_up

    def server(self, look_up: LookUp, server_id: str, project_id: str | None) -> None:
        """
        :param project_id: look the server up as a member of this project; None for an
            administrator
        """
        server = self._report.ask(
            f'server {server_id}',
            partial(look_up.get, _context(project_id), server_id),
            partial(_where, self._conf),
        )
        if server is None or server.host is None:
            return
        if self._ask_bus('broker of its cell', server.bus_url):
            self._report.ask(
                f'compute host {server.host}',
                partial(_host, self._conf, server.host, server.bus_url),
            )

    def _ask_urls(self) -> None:
        if not _has_store(self._conf):
            self._report.ok('URLs', "the URLs of Nova's own proxies")
            return
        for one in urls.served(self._conf):
            question = partial(urls.describe, self._conf, one)
            self._report.ask(f'URL of {one.type}', question)

    def _ask_configured_bus(self) -> None:
        if transport.is_configured(self._conf):
            self._ask_bus('broker', None)
        elif not self._conf.console_rpc.cell_bus:
            self._report.fail(
                'broker',
                'transport_url is not set, and its default is a broker on localhost: '
                "set it to the URL of the compute hosts' message bus",
            )

    def _ask_bus(self, part: str, url: str | None) -> bool:
        """Report on each broker of a bus; return whether at least one is usable."""
        try:
            brokers = probe.brokers_of(self._conf, url)
        except oslo_messaging.InvalidTransportURL:
            # Its text may quote the URL.
            self._report.fail(part, 'transport_url is not the URL of a message bus')
            return False
        key = tuple(broker.url for broker in brokers)
        if key not in self._checked_buses:
            answers = [
                self._report.ask(
                    f'{part} {broker.name}', partial(_broker, self._conf, broker)
                )
                for broker in brokers
            ]
            self._checked_buses[key] = any(answer is not None for answer in answers)
        return self._checked_buses[key]


def check(
    conf: cfg.ConfigOpts,
    paste: str | None,
    server_id: str | None,
    project_id: str | None,
) -> None:
    """Print a line for each part.

    :raises ConfigurationError: a check has failed
    """
    timeout_s = max(conf.console_rpc.timeout, conf.api.look_up_timeout) + _MARGIN_S
    with Report(timeout_s) as report:
        asked = Check(conf, report, paste)
        look_up = asked.parts()
        if look_up is not None and server_id is not None:
            asked.server(look_up, server_id, project_id)
    if report.wrong:
        raise exceptions.ConfigurationError(
            f'{report.wrong} of {report.lines} checks have failed'
        )


def _files(conf: cfg.ConfigOpts) -> list[str]:
    """Return absolute paths, which a PasteDeploy file needs."""
    return [os.path.abspath(path) for path in conf.config_file or []]


def _configuration(conf: cfg.ConfigOpts) -> str:
    files = _files(conf)
    faults = [fault for path in files for fault in spelling.misspelled(conf, path)]
    if faults:
        raise Wrong('; '.join(faults))
    return ', '.join(files) or 'no file'


def _nova(conf: cfg.ConfigOpts) -> str:
    version = nova.initialize(_files(conf))
    nova.require_files(conf)
    return version


def _extensions(conf: cfg.ConfigOpts) -> Sequence[V21APIExtensionBase]:
    extensions = loader.load_extensions(conf)
    if not extensions:
        raise Wrong(
            'no extension is enabled: remove one from [api] disabled_extensions'
        )
    return extensions


def _aliases(extensions: Iterable[V21APIExtensionBase]) -> str:
    return ', '.join(extension.alias for extension in extensions)


def _policy(conf: cfg.ConfigOpts, extensions: Sequence[V21APIExtensionBase]) -> str:
    rules = loader.policies_of(extensions)
    policy = Policy(conf, [*app.policies(), *rules])
    loader.build_router(extensions, policy)
    options = conf.oslo_policy
    path = conf.find_file(options.policy_file)
    said = path or f'no file {options.policy_file}: the defaults'
    for problem in policy.problems(rule.name for rule in rules):
        raise Wrong(f'{said}: {problem}')
    # Later versions of oslo.policy have no such option, and always do.
    if 'enforce_scope' in options and not options.enforce_scope:
        said += '; enforce_scope is off: tokens of any scope are accepted'
    return said


def _broker(conf: cfg.ConfigOpts, broker: probe.Broker) -> str:
    why = probe.broker_problem(conf, broker)
    if why is not None:
        raise Wrong(why)
    return 'accepts the connection'


def _host(conf: cfg.ConfigOpts, host: str, bus_url: str | None) -> str:
    why = probe.host_problem(conf, host, conf.console_rpc.timeout, bus_url)
    if why is not None:
        raise Wrong(why)
    return 'answers'


def _look_up(conf: cfg.ConfigOpts) -> tuple[LookUp, list[Source]]:
    look_up = servers.load(conf, _only_in_its_api)
    return look_up, list(look_up.sources())


def _only_in_its_api(
    environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    raise Wrong('servers = upstream only works inside the running API: omit --server')


def _read(source: Source) -> str:
    source.read()
    return 'can be read'


def _context(project_id: str | None) -> RequestContext:
    return RequestContext(
        user_id=_USER_ID,
        project_id=project_id,
        roles=['member', 'reader'],
        is_admin=project_id is None,
        overwrite=False,
    )


def _where(conf: cfg.ConfigOpts, server: Server) -> str:
    where = 'not on a host yet'
    if server.host is not None:
        where = f'on compute host {server.host}, by {_brokers(conf, server.bus_url)}'
    return (
        f'of project {server.project_id} and user {server.user_id}, {where}; '
        f'{server.vm_state}, {server.task_state or "no task"}'
    )


def _brokers(conf: cfg.ConfigOpts, bus_url: str | None) -> str:
    try:
        return ', '.join(one.name for one in probe.brokers_of(conf, bus_url))
    except oslo_messaging.InvalidTransportURL:
        return 'a bus with an invalid URL'


def _store(conf: cfg.ConfigOpts) -> str:
    store = load_store(conf)
    if store is None:
        return 'none: only nova-compute knows the tokens'
    store.close()
    # Imported here, because it needs the extra "sql".
    from console_ext.store import migration

    if migration.is_of_nova(conf):
        raise Wrong(
            "[database] connection names one of Nova's databases: use a separate "
            "database, or leave it empty if Nova's proxies serve the consoles"
        )
    version, newest = migration.version(conf), migration.newest()
    if version is None:
        raise Wrong(
            'the database does not have the tables of this package yet: run '
            '"console-ext-manage db sync"'
        )
    if not migration.is_known(version):
        raise Wrong(
            f'the schema has version {version}, but this console-ext only supports '
            f'versions up to {newest}: upgrade console-ext; do not change the tables'
        )
    if version != newest:
        raise Wrong(
            f'the schema has version {version}, but this console-ext needs {newest}: '
            'run "console-ext-manage db sync"'
        )
    return f'version {version}'


def _has_store(conf: cfg.ConfigOpts) -> bool:
    return 'database' in conf and bool(conf.database.connection)


def _pipeline(conf: cfg.ConfigOpts, paste: str | None) -> str:
    if paste is None and conf.api.servers == 'inventory':
        deploy.load_app(conf)
        strategy = conf.api.auth_strategy
        for fault in pipeline.open_pipelines(deploy.paste_file(conf), strategy):
            raise Wrong(f'{conf.api.paste_config}: {fault}')
        return f'{conf.api.auth_strategy} of {conf.api.paste_config} loads'
    files = _files(conf)
    path = paste or _beside(files)
    if path is None:
        raise Wrong(
            'the directory of the configuration files has no api-paste.ini: name it '
            'with --paste'
        )
    for fault in pipeline.faults(path, files, conf.api.auth_strategy):
        raise Wrong(f'{path}: {fault}')
    return f'{path} has the filter'


def _beside(config_files: Iterable[str]) -> str | None:
    """Return the first api-paste.ini in a directory of the configuration files."""
    for config_file in config_files:
        path = os.path.join(os.path.dirname(config_file), 'api-paste.ini')
        if os.path.exists(path):
            return path
    return None
