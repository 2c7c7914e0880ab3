// SPDX-License-Identifier: Apache-2.0
// The page of a serial console: a terminal on a WebSocket, in the shell of all our pages.
import { Connection } from './connection.js';
import { element, recall, remember, Shell, TO_TOOLBAR } from './shell.js';
import { openTerminal } from './terminal.js';

const FONT = 'console-ext.font';

const query = globalThis.takeQuery();
const token = query.get('token');

let connection = null;
let control = false; // whether the next letter is typed with Ctrl held

const shell = new Shell({
  kind: 'Serial console',
  title: query.get('title'),
  focus: () => terminal.focus(),
});

const terminal = await openTerminal(shell.stage, {
  fontPx: recall(FONT),
  type(bytes) {
    connection?.send(withCtrl(bytes));
  },
  follow(url) {
    // Show the address: the guest may have hidden it behind a different text.
    const shown = element('p', { className: 'address', textContent: url });
    shell.dialog('Open this link from the guest?', shown, 'Open', () => {
      window.open(url, '_blank', 'noopener,noreferrer');
    });
  },
});

function connect() {
  if (!token) {
    end('This address has no token. Request a new console URL.', false);
    return;
  }
  shell.say('connecting', 'Connecting…');
  // The console has the same URL as this page, with ws in place of http.
  const url = new URL(location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = new URLSearchParams({ token });
  url.hash = '';
  connection = new Connection(url, {
    draw: terminal.write,
    onOpen() {
      terminal.go();
      shell.say('open', 'Connected');
    },
    onEnd: end,
  });
}

function end(words, again) {
  connection = null;
  terminal.stop();
  shell.say('ended', words);
  document.body.dataset.again = again;
}

// A touch screen has no Ctrl key to hold; its button is pressed before the letter.
function withCtrl(bytes) {
  if (!control || bytes.length !== 1) {
    return bytes;
  }
  setControl(false);
  return bytes.map((byte) => byte & 0x1f);
}

function setControl(on) {
  control = on;
  shell.press('key-ctrl', on);
}

// The toolbar.

shell.button('reconnect', 'Reconnect', connect, { when: 'ended' });

async function copy() {
  const text = terminal.selection();
  if (!text) {
    return;
  }
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without TLS, browsers have no clipboard API, but still this command.
    document.execCommand('copy');
  }
}

let copies = false;
shell.toggle(
  'copy-on-selection',
  'Copy on selection',
  (on) => {
    copies = on;
  },
  { hint: 'Copy text when it is selected (or press Ctrl+Shift+C)' },
);
shell.stage.addEventListener('mouseup', () => {
  if (copies) {
    copy();
  }
});

shell.button(
  'paste',
  'Paste…',
  () => {
    const text = element('textarea', { id: 'paste-text', rows: 8, cols: 60 });
    text.setAttribute('aria-label', 'Text to paste');
    shell.dialog('Paste into the console', text, 'Paste', () =>
      terminal.paste(text.value),
    );
    text.focus();
  },
  { when: 'open', hint: 'Paste text (or press Ctrl+Shift+V)' },
);

const input = element('input', { id: 'search-text', type: 'search' });
input.setAttribute('aria-label', 'Search');
const found = element('output', { id: 'found' });
const previous = element('button', { type: 'button', textContent: 'Previous' });
const next = element('button', { type: 'button', textContent: 'Next' });
const searching = shell.row('searching', 'Search', input, previous, next, found);
input.addEventListener('input', () => terminal.find(input.value, { incremental: true }));
input.addEventListener('keydown', ({ key, shiftKey }) => {
  if (key === 'Enter') {
    terminal.find(input.value, { back: !shiftKey });
  } else if (key === 'Escape') {
    search(false);
  }
});
previous.addEventListener('click', () => terminal.find(input.value, { back: true }));
next.addEventListener('click', () => terminal.find(input.value));
terminal.onFound(({ resultIndex, resultCount }) => {
  found.textContent = resultCount
    ? `${resultIndex + 1} of ${resultCount}`
    : input.value && 'Not found';
});
function search(on) {
  shell.press('search', on);
  searching.hidden = !on;
  if (on) {
    input.select();
    input.focus();
  } else {
    terminal.findNothing();
    terminal.focus();
  }
}
shell.button('search', 'Search', () => search(searching.hidden), {
  hint: 'Search (or press Ctrl+Shift+F)',
});
shell.press('search', false);

shell.button('smaller', 'A−', () => remember(FONT, terminal.grow(-1)), {
  hint: 'Smaller letters',
});
shell.button('larger', 'A+', () => remember(FONT, terminal.grow(1)), {
  hint: 'Larger letters',
});

shell.button(
  'download',
  'Download',
  () => shell.download(`${query.get('title') || 'console'}.txt`, terminal.text()),
  { hint: 'Download the text of the terminal' },
);

shell.toggle('read-aloud', 'Screen reader', (on) => terminal.readAloud(on), {
  hint: 'Let a screen reader read the output of the guest',
});

const KEYS = [
  ['Esc', '\x1b'],
  ['Tab', '\t'],
  ['Ctrl+C', '\x03'],
  ['↑', '\x1b[A'],
  ['↓', '\x1b[B'],
  ['←', '\x1b[D'],
  ['→', '\x1b[C'],
];
const ctrl = element('button', { id: 'key-ctrl', type: 'button', textContent: 'Ctrl' });
ctrl.addEventListener('click', () => setControl(!control));
const keys = shell.row(
  'keys',
  'Keys',
  ctrl,
  ...KEYS.map(([label, text]) => {
    const key = element('button', { type: 'button', textContent: label });
    key.addEventListener('click', () => terminal.press(text));
    return key;
  }),
);
for (const key of keys.children) {
  key.addEventListener('pointerdown', (event) => event.preventDefault());
}
setControl(false);
shell.toggle(
  'show-keys',
  'Keys',
  (on) => {
    keys.hidden = !on;
  },
  {
    hint: 'Show keys that a phone does not have',
    initially: matchMedia('(pointer: coarse)').matches,
  },
);

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

// Ctrl+W is meant for the guest, but the browser would close the page: let it ask first.
window.addEventListener('beforeunload', (event) => {
  if (document.body.dataset.state === 'open') {
    event.preventDefault();
  }
});

shell.stage.title = `Press ${TO_TOOLBAR} to go to the toolbar`;
terminal.focus();
connect();
