// SPDX-License-Identifier: Apache-2.0
// The page of a serial console: a terminal on a WebSocket, in the shell of all pages.

import { Connection, SUBPROTOCOL } from './connection.js';
import { ControlKey } from './control_key.js';
import { addCopy } from './copy.js';
import { button, element } from './element.js';
import { addKeyRow } from './key_row.js';
import { addPaste } from './paste.js';
import { addSearch } from './search.js';
import { Session } from './session.js';
import { recall, remember } from './storage.js';
import { Shell, TO_TOOLBAR } from './shell.js';
import { sameAs } from './socket_url.js';
import { openTerminal } from './terminal.js';

const FONT = 'console-ext.font';

/** @type {[string, string][]} */
const KEYS = [
  ['Esc', '\x1b'],
  ['Tab', '\t'],
  ['Ctrl+C', '\x03'],
  ['↑', '\x1b[A'],
  ['↓', '\x1b[B'],
  ['←', '\x1b[D'],
  ['→', '\x1b[C'],
];

const { query, token } = globalThis.takeAddress();

/** @type {Connection | null} */
let connection = null;

const shell = new Shell({
  kind: 'Serial console',
  title: query.get('title'),
  focus: () => terminal.focus(),
});

const control = new ControlKey((on) => shell.setPressed('key-ctrl', on));

const terminal = await openTerminal(shell.stage, {
  fontPx: recall(FONT),
  type(bytes) {
    connection?.send(control.apply(bytes));
  },
  follow(url) {
    // Show the address: the guest may have hidden it behind a different text.
    const shown = element('p', { className: 'address', textContent: url });
    shell.dialog('Open this link from the guest?', shown, 'Open', () => {
      window.open(url, '_blank', 'noopener,noreferrer');
    });
  },
});

const session = new Session(shell, {
  address: sameAs(location.href),
  token,
  begin,
});

/**
 * @param {URL} url
 * @param {import('./session.js').Events} events
 */
function begin(url, { onAdmitted, onOpen, onKey, onEnd }) {
  const mine = new Connection(new WebSocket(url, SUBPROTOCOL), {
    draw: terminal.write,
    onAdmitted() {
      onAdmitted();
      terminal.go();
      onOpen();
    },
    onKey,
    onEnd,
    onUnsent(bytes) {
      const words =
        'The connection to the console ended first. At least the last ' +
        `${bytes.toLocaleString()} bytes did not arrive.`;
      const said = element('p', { textContent: words });
      shell.dialog('The paste was cut off', said, 'OK', () => {});
    },
  });
  connection = mine;
  return () => {
    connection = null;
    mine.close();
    terminal.stop();
    control.set(false);
  };
}

// The toolbar.

const copy = addCopy(shell, terminal);
addPaste(shell, terminal.paste, {
  heading: 'Paste into the console',
  hint: 'Paste text (or press Ctrl+Shift+V)',
});
const search = addSearch(shell, terminal);
shell.button('smaller', 'A−', () => remember(FONT, terminal.grow(-1)), {
  hint: 'Smaller letters',
});
shell.button('larger', 'A+', () => remember(FONT, terminal.grow(1)), {
  hint: 'Larger letters',
});
shell.button(
  'download',
  'Download',
  () => shell.download('.txt', new Blob([terminal.text()], { type: 'text/plain' })),
  { hint: 'Download the text of the terminal' },
);
shell.toggle('read-aloud', 'Screen reader', (on) => terminal.readAloud(on), {
  hint: 'Let a screen reader read the output of the guest',
});
addKeyRow(
  shell,
  button('Ctrl', () => control.set(shell.isOpen && !control.isOn), { id: 'key-ctrl' }),
  ...KEYS.map(([label, text]) => button(label, () => terminal.press(text))),
);
control.set(false);
shell.fullScreen(document.documentElement);

// Keys that do not go to the guest.
terminal.onKey((event) => {
  if (event.type !== 'keydown' || !event.ctrlKey || !event.shiftKey) {
    return true;
  }
  if (event.code === 'KeyC') {
    event.preventDefault();
    copy();
    return false;
  }
  if (event.code === 'KeyF') {
    event.preventDefault();
    search(true);
    return false;
  }
  // Let the browser paste.
  return event.code !== 'KeyV';
});

shell.stage.title = `Press ${TO_TOOLBAR} to go to the toolbar`;
terminal.focus();
session.connect();
