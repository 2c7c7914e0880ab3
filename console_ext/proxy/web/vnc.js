// SPDX-License-Identifier: Apache-2.0
// A VNC console: noVNC draws it; this page connects it and shows its state.
import RFB from './novnc/core/rfb.js';

const OPEN_MS = 20000;

// Pause between typed keys: the keyboard buffer of a guest has only about 16 entries.
const KEY_MS = 20;

// RFB uses the key symbols of X11.
const RETURN = 0xff0d;
const TAB = 0xff09;
const SHIFT = 0xffe1;
const BEYOND_LATIN_1 = 0x01000000;
const SHIFTED = /[A-Z~!@#$%^&*()_+{}|:"<>?]/;

// The close code that a browser reports if the page has closed the socket.
const NO_CODE = 1005;

const byId = (id) => document.getElementById(id);
const stage = byId('stage');
const screen = byId('screen');

const query = new URLSearchParams(location.search);
// As in noVNC's own page: the path of the WebSocket, with the token.
const [path, fields] = (query.get('path') ?? '').split('?', 2);
const token = new URLSearchParams(fields).get('token') || query.get('token');
const viewOnly = isOn('view_only', false);
const resize = query.get('resize') ?? (isOn('scale', true) ? 'scale' : 'off');

let socket = null;
let rfb = null;
let wasOpen = false; // whether the token has been used
let deadline = null;

function isOn(name, otherwise) {
  const value = query.get(name);
  return value === null ? otherwise : /^(1|true|yes|on)$/i.test(value);
}

function say(state, words) {
  document.body.dataset.state = state;
  byId('status').textContent = words;
}

function address() {
  // Next to this page, unless there is a path; always on the same host.
  const url = new URL('.', location.href);
  if (path) {
    url.pathname = path;
  }
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = new URLSearchParams({ token });
  return url.href;
}

function connect() {
  screen.replaceChildren();
  if (!token) {
    end('This address has no token. Request a new console URL.');
    return;
  }
  say('connecting', 'Connecting…');
  deadline = setTimeout(
    () => end('The console does not answer. Request a new console URL.'),
    OPEN_MS,
  );
  const mine = new WebSocket(address());
  socket = mine;
  mine.addEventListener('open', () => {
    wasOpen = true;
  });
  // Before noVNC adds its listeners, because it clears the screen at the end.
  mine.addEventListener('close', (event) => {
    if (mine === socket) {
      closed(event);
    }
  });
  rfb = new RFB(screen, mine);
  rfb.background = 'transparent';
  rfb.viewOnly = viewOnly;
  rfb.scaleViewport = resize !== 'off';
  rfb.resizeSession = resize === 'remote';
  rfb.addEventListener('connect', opened);
  rfb.addEventListener('securityfailure', ({ detail }) => {
    end(`The console refused the connection: ${detail.reason || 'no reason given'}.`);
  });
  rfb.addEventListener('credentialsrequired', () => {
    end('The console requires a password, which this page does not support.');
  });
}

function opened() {
  clearTimeout(deadline);
  say('open', query.get('title') || 'Connected');
  rfb.focus();
}

function closed(event) {
  if (!wasOpen) {
    refused();
  } else if (event.reason) {
    end(event.reason);
  } else if (event.code === NO_CODE) {
    end('The console sent data that this page does not understand.');
  } else {
    end('The connection to the console was lost.');
  }
}

// A browser hides why a WebSocket was refused, but shows whether the proxy answers.
async function refused() {
  hangUp();
  let reachable = false;
  try {
    reachable = (await fetch('healthcheck', { cache: 'no-store' })).ok;
  } catch {
    // It is not reachable.
  }
  end(
    reachable
      ? 'The console was not opened: its URL has expired or was used before, or the ' +
          'server is not running. Request a new console URL.'
      : 'The console proxy cannot be reached. Check your network.',
  );
}

function end(words) {
  hangUp();
  // A console URL can be used only once.
  byId('reconnect').hidden = wasOpen || !token;
  say('ended', words);
}

function hangUp() {
  clearTimeout(deadline);
  const picture = pictureOf(screen.querySelector('canvas'));
  socket = null;
  rfb?.disconnect();
  rfb = null;
  screen.replaceChildren(picture);
}

// A copy, because noVNC removes its canvas.
function pictureOf(canvas) {
  if (!canvas?.width || !canvas.height) {
    return '';
  }
  const copy = document.createElement('canvas');
  copy.width = canvas.width;
  copy.height = canvas.height;
  copy.style.width = canvas.style.width;
  copy.style.height = canvas.style.height;
  copy.getContext('2d').drawImage(canvas, 0, 0);
  return copy;
}

async function type(text) {
  const typing = rfb;
  for (const letter of text) {
    if (typing !== rfb) {
      return;
    }
    const shifted = SHIFTED.test(letter);
    if (shifted) {
      rfb.sendKey(SHIFT, 'ShiftLeft', true);
    }
    rfb.sendKey(keysym(letter), null);
    if (shifted) {
      rfb.sendKey(SHIFT, 'ShiftLeft', false);
    }
    await new Promise((wake) => setTimeout(wake, KEY_MS));
  }
}

function keysym(letter) {
  const code = letter.codePointAt(0);
  if (letter === '\n') {
    return RETURN;
  }
  if (letter === '\t') {
    return TAB;
  }
  return code < 0x100 ? code : BEYOND_LATIN_1 | code;
}

byId('reconnect').addEventListener('click', connect);

byId('ctrl-alt-del').hidden = viewOnly;
byId('ctrl-alt-del').addEventListener('click', () => {
  rfb.sendCtrlAltDel();
  rfb.focus();
});

byId('paste').hidden = viewOnly;
byId('paste').addEventListener('click', () => {
  byId('text').value = '';
  byId('text-to-type').showModal();
  byId('text').focus();
});
byId('cancel').addEventListener('click', () => {
  byId('text-to-type').close();
});
byId('type').addEventListener('click', () => {
  const text = byId('text').value;
  byId('text-to-type').close();
  rfb?.focus();
  type(text);
});

byId('full-screen').hidden = !document.fullscreenEnabled;
byId('full-screen').addEventListener('click', async () => {
  await stage.requestFullscreen();
  // If the browser supports it, Esc goes to the guest; holding it ends full screen.
  await navigator.keyboard?.lock(['Escape']);
  rfb?.focus();
});

connect();
