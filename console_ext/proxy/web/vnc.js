// SPDX-License-Identifier: Apache-2.0
// A VNC console: noVNC draws it, this page connects it and says how it goes.
import RFB from './novnc/core/rfb.js';

const OPEN_MS = 20000;

// The keyboard of a guest holds some sixteen keys that it has not read yet.
const KEY_MS = 20;

// RFB's names of keys are X11's.
const RETURN = 0xff0d;
const TAB = 0xff09;
const SHIFT = 0xffe1;
const BEYOND_LATIN_1 = 0x01000000;
const SHIFTED = /[A-Z~!@#$%^&*()_+{}|:"<>?]/;

// What a browser gives for the code of an end that the page has asked for.
const NO_CODE = 1005;

const byId = (id) => document.getElementById(id);
const stage = byId('stage');
const screen = byId('screen');

const query = new URLSearchParams(location.search);
// As noVNC's own page has it: where the WebSocket is, with the token.
const [path, fields] = (query.get('path') ?? '').split('?', 2);
const token = new URLSearchParams(fields).get('token') || query.get('token');
const viewOnly = isOn('view_only', false);
const resize = query.get('resize') ?? (isOn('scale', true) ? 'scale' : 'off');

let socket = null;
let rfb = null;
let wasOpen = false; // then the token has been used
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
  // Beside this page, where no path says otherwise; on no other host in any case.
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
    end('This address has no token: ask for a new console URL.');
    return;
  }
  say('connecting', 'Connecting…');
  deadline = setTimeout(() => end('The console does not answer.'), OPEN_MS);
  const mine = new WebSocket(address());
  socket = mine;
  mine.addEventListener('open', () => {
    wasOpen = true;
  });
  // Before noVNC has its listeners: it clears the screen at the end.
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
    end(`The console refused the connection: ${detail.reason || 'it says not why'}.`);
  });
  rfb.addEventListener('credentialsrequired', () => {
    end('The console asks for a password, which this page does not have.');
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
    end('The console sent what this page does not understand.');
  } else {
    end('The connection to the console was lost.');
  }
}

// A browser hides why a WebSocket was refused; whether the proxy is there it tells.
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
          'server is not running. Ask for a new console URL.'
      : 'The console proxy cannot be reached.',
  );
}

function end(words) {
  hangUp();
  // A URL opens once.
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

// A copy, for noVNC takes its own away.
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
  // Where that is possible, Esc is for the guest; held down, it ends full screen.
  await navigator.keyboard?.lock(['Escape']);
  rfb?.focus();
});

connect();
