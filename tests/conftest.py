# SPDX-License-Identifier: Apache-2.0
"""Fixtures of all tests.

``console_ext.cmd`` comes first, as in every program: it settles that oslo.service runs
threads.
"""

import console_ext.cmd  # noqa: F401  isort: skip

import gc
import os
import signal

import hypothesis
import pytest
from futurist import _thread

from tests.parts.authority import Authority, self_signed
from tests.parts.deployment import Deployment

# No deadline for examples: on a busy machine they may take long, and each test has a
# timeout of its own.
hypothesis.settings.register_profile('console_ext', deadline=None)
hypothesis.settings.load_profile('console_ext')


# What a program that is started by hand does at these.
_USUAL = {
    signal.SIGHUP: signal.SIG_DFL,
    signal.SIGINT: signal.default_int_handler,
    signal.SIGQUIT: signal.SIG_DFL,
}


def pytest_configure():
    """Tests send signals that nohup, or a shell in the background, lets be ignored."""
    for number, handler in _USUAL.items():
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, handler)


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Collect no garbage meanwhile, and never look at the collected tests.

    They exist until the end, so the garbage collector would find nothing in them.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_sessionfinish(session):
    """In CI, a skipped test is a failure."""
    reporter = session.config.pluginmanager.get_plugin('terminalreporter')
    # The processes of pytest-xdist leave the report to the main process.
    if os.environ.get('CI') and reporter is not None and reporter.stats.get('skipped'):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope='session', autouse=True)
def idle_threads():
    """An RPC server of oslo.messaging stops without waiting a second.

    Its threads check only once a second whether they are still needed.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_thread.ThreadWorker, 'MAX_IDLE_FOR', 0.05)
        yield


@pytest.fixture
def deployment(tmp_path):
    """A configuration directory with the usual servers and without a policy file."""
    return Deployment(tmp_path)


@pytest.fixture
def certificate(tmp_path):
    """A function that writes a new certificate for localhost, and its key."""
    return lambda: self_signed(tmp_path)


@pytest.fixture
def authority(tmp_path):
    """A certificate authority that has signed nothing yet."""
    return Authority(tmp_path / 'authority')
