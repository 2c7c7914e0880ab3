# SPDX-License-Identifier: Apache-2.0
"""Firefox, driven over WebDriver BiDi, which it speaks without geckodriver.

Debian has no package of geckodriver. https://w3c.github.io/webdriver-bidi
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.parts.waiting import wait_for

START_S = 60
COMMAND_S = 60
END_S = 10

ENTER = '\ue007'
CONTROL = '\ue009'

# Arguments and result are passed as JSON.
CALL = """
async (given) => {
  const run = function () { %s };
  return JSON.stringify(await run(...JSON.parse(given))) ?? 'null';
}
"""


class Failed(Exception):
    """A command that Firefox answered with an error."""


class Firefox:
    """A headless Firefox with a new profile.

    :param program: its path
    :param directory: for its profile and its log
    """

    def __init__(self, program: str, directory: Path):
        self._numbers = itertools.count(1)
        self._errors: list[tuple[str | None, str]] = []
        self._close = contextlib.ExitStack()
        self._socket: ClientConnection | None = None
        self._profile = directory / 'profile'
        self._profile.mkdir(parents=True)
        with (directory / 'log').open('wb') as log:
            self._process = subprocess.Popen(
                [
                    *(program, '--headless', '--no-remote'),
                    *('--profile', str(self._profile)),
                    *('--remote-debugging-port', '0'),
                ],
                env={**os.environ, 'HOME': str(directory)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # It has processes of its own; close() ends them all.
                start_new_session=True,
            )
        try:
            address = wait_for(self._address, START_S)
            self._socket = self._close.enter_context(
                connect(f'{address}/session', open_timeout=START_S, max_size=None)
            )
            self._open_session()
        except BaseException:
            self.close()
            raise

    def _address(self) -> str | None:
        """Where it listens, once it does."""
        if self._process.poll() is not None:
            raise AssertionError(f'firefox ended with {self._process.returncode}')
        try:
            text = (self._profile / 'WebDriverBiDiServer.json').read_text()
            server = json.loads(text)
        except (FileNotFoundError, json.JSONDecodeError):
            return None
        return f'ws://{server["ws_host"]}:{server["ws_port"]}'

    def _open_session(self) -> None:
        wanted = {
            # The certificates of the tests are not signed by a known authority.
            'acceptInsecureCerts': True,
            # Leave a page that asks before it is closed.
            'unhandledPromptBehavior': {'default': 'dismiss', 'beforeUnload': 'accept'},
        }
        self.command('session.new', capabilities={'alwaysMatch': wanted})
        self.command('session.subscribe', events=['log.entryAdded'])

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """
        :raises Failed:
        :raises TimeoutError:
        """
        assert self._socket is not None
        number = next(self._numbers)
        message = {'id': number, 'method': method, 'params': parameters}
        self._socket.send(json.dumps(message))
        deadline = time.monotonic() + COMMAND_S
        while True:
            left = max(deadline - time.monotonic(), 0.0)
            answer = json.loads(self._socket.recv(timeout=left))
            if answer['type'] == 'event':
                self._note(answer['params'])
            elif answer['id'] == number:
                if answer['type'] == 'error':
                    raise Failed(f'{method}: {answer["error"]}: {answer["message"]}')
                result: dict[str, Any] = answer['result']
                return result

    def _note(self, entry: Mapping[str, Any]) -> None:
        if entry['level'] == 'error':
            self._errors.append((entry['source'].get('context'), entry['text']))

    def errors(self, context: str) -> list[str]:
        """The errors of a tab, as far as Firefox has reported them."""
        self.command('session.status')
        return [text for where, text in self._errors if where == context]

    @contextlib.contextmanager
    def tab(self) -> Iterator[Tab]:
        """A new tab that shares no stored data with others."""
        user = self.command('browser.createUserContext')['userContext']
        made = self.command('browsingContext.create', type='tab', userContext=user)
        try:
            yield Tab(self, made['context'])
        finally:
            self.command('browser.removeUserContext', userContext=user)

    def close(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(Exception):
                self.command('browser.close')
            self._close.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(END_S)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(END_S)


class Tab:
    """A page, and what a user does there."""

    def __init__(self, firefox: Firefox, context: str):
        self._firefox = firefox
        self._context = context

    def _command(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self._firefox.command(method, context=self._context, **parameters)

    def get(self, url: str) -> None:
        self._command('browsingContext.navigate', url=url, wait='complete')

    def refresh(self) -> None:
        self._command('browsingContext.reload', wait='complete')

    def execute_script(self, script: str, *arguments: object) -> Any:
        """Run the body of a function in the page; as Selenium does.

        :param arguments: values for JSON, as is the result
        """
        done = self._firefox.command(
            'script.callFunction',
            functionDeclaration=CALL % script,
            arguments=[{'type': 'string', 'value': json.dumps(arguments)}],
            awaitPromise=True,
            target={'context': self._context},
        )
        if done['type'] == 'exception':
            raise Failed(done['exceptionDetails']['text'])
        return json.loads(done['result']['value'])

    def type_keys(self, *keys: str, hold: str = '') -> None:
        """Type where the keyboard focus is.

        :param hold: a key that is held meanwhile
        """
        actions: list[dict[str, Any]] = []
        if hold:
            actions.append({'type': 'keyDown', 'value': hold})
        for key in ''.join(keys):
            actions.append({'type': 'keyDown', 'value': key})
            actions.append({'type': 'keyUp', 'value': key})
        if hold:
            actions.append({'type': 'keyUp', 'value': hold})
        self._perform('key', actions)

    def click(self, selector: str) -> None:
        """Click the middle of an element.

        :param selector: of CSS
        """
        locator = {'type': 'css', 'value': selector}
        (node,) = self._command('browsingContext.locateNodes', locator=locator)['nodes']
        origin = {'type': 'element', 'element': {'sharedId': node['sharedId']}}
        self._perform(
            'pointer',
            [
                {'type': 'pointerMove', 'x': 0, 'y': 0, 'origin': origin},
                {'type': 'pointerDown', 'button': 0},
                {'type': 'pointerUp', 'button': 0},
            ],
        )

    def _perform(self, device: str, actions: list[dict[str, Any]]) -> None:
        source = {'type': device, 'id': device, 'actions': actions}
        self._command('input.performActions', actions=[source])

    def save_screenshot(self, path: str) -> None:
        done = self._command('browsingContext.captureScreenshot')
        Path(path).write_bytes(base64.b64decode(done['data']))

    def complaints(self) -> list[str]:
        """The errors of the page, and what its policy has blocked."""
        return self._firefox.errors(self._context)
