// SPDX-License-Identifier: Apache-2.0
// A SPICE console: spice-html5 draws it; this page connects it and shows its state.
import { Constants } from './spice-html5/enums.js';
import { SpiceMainConn, sendCtrlAltDel } from './spice-html5/main.js';

// In one of fifteen loads, a ticket of spice-html5 is too short and the guest answers
// "Permission denied". A console has at least four connections, each with a ticket.
const MAX_RETRIES = 8;
const RETRY_MS = 250;
const RESIZE_MS = 200;
const CHECK_MS = 100;
const OPEN_MS = 20000;

// The close codes of the proxy when the guest closes a connection, or resets it.
const GUEST_ENDS = [1000, 1011];

const query = new URLSearchParams(location.search);
const token = query.get('token');
const stage = document.getElementById('stage');
const screen = document.getElementById('screen');

const sockets = new Set();
let attempt = 0; // the number of the current attempt to connect
let retries = 0;
let retrying = null;
let isOpen = false; // whether every channel of this attempt is open
let main = null;
let agent = false;
let checking = null;
let resizing = null;

// spice-html5 does not report why its sockets close, and mostly not even that they do.
globalThis.WebSocket = class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols);
    sockets.add(this);
    const mine = attempt;
    let opened = false;
    this.addEventListener('open', () => {
      opened = true;
    });
    this.addEventListener('close', (event) => {
      if (mine === attempt) {
        closed(this.parent, event, opened);
      }
    });
  }
};

function say(state, words) {
  document.body.dataset.state = state;
  document.getElementById('status').textContent = words;
}

function connect() {
  retries = 0;
  attemptToConnect();
}

function attemptToConnect() {
  hangUp();
  screen.replaceChildren();
  if (!token) {
    say('ended', 'This address has no token. Request a new console URL.');
    return;
  }
  say('connecting', 'Connecting…');
  // Next to this page, with the token in the URL: all consoles in this browser would
  // share a cookie.
  const url = new URL('.', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = new URLSearchParams({ token });
  main = new SpiceMainConn({
    uri: url.href,
    screen_id: 'screen',
    password: '',
    onerror: () => {}, // the close event of the socket says more
    onagent: () => {
      agent = true;
      resizeGuest();
    },
  });
  const deadline = Date.now() + OPEN_MS;
  checking = setInterval(() => checkOpen(deadline), CHECK_MS);
}

// At the deadline, the console is usable even if other channels have not answered.
function checkOpen(deadline) {
  const late = Date.now() > deadline;
  const isReady = (channel) => channel?.state === 'ready';
  const usable = isReady(main.display) && isReady(main.inputs);
  if (usable && (late || [...sockets].every(({ parent }) => isReady(parent)))) {
    clearInterval(checking);
    isOpen = true;
    say('open', query.get('title') || 'Connected');
    fit();
    screen.querySelector('canvas')?.focus();
  } else if (late) {
    end('The console does not answer. Reconnect, or request a new console URL.');
  }
}

// Until the console is open, the end of any channel may be caused by a refused one: the
// page may learn of another end first.
function closed(connection, event, opened) {
  const code = connection?.reply_link?.error || connection?.auth_reply?.auth_code;
  const mayBeTicket = code
    ? code === Constants.SPICE_LINK_ERR_PERMISSION_DENIED
    : GUEST_ENDS.includes(event.code);
  if (!opened) {
    refused();
  } else if (!isOpen && mayBeTicket && retries < MAX_RETRIES) {
    retries += 1;
    hangUp();
    retrying = setTimeout(attemptToConnect, RETRY_MS);
  } else if (code) {
    end(
      'The console refused the connection. Reconnect, or request a new console URL.',
    );
  } else if (event.reason) {
    end(event.reason);
  } else {
    end('The connection to the console was lost.');
  }
}

// A browser hides why a WebSocket was refused, but shows whether the proxy answers.
async function refused() {
  hangUp();
  const mine = attempt;
  let reachable = false;
  try {
    reachable = (await fetch('healthcheck', { cache: 'no-store' })).ok;
  } catch {
    // It is not reachable.
  }
  if (mine !== attempt) {
    return;
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
  say('ended', words);
}

function hangUp() {
  attempt += 1;
  clearInterval(checking);
  clearTimeout(retrying);
  isOpen = false;
  agent = false;
  main = null;
  for (const socket of sockets) {
    // Not its own stop(): it fails if a channel is missing, and it clears the screen.
    if (socket.parent) {
      socket.parent.state = 'closing';
      clearTimeout(socket.parent.timeout);
    }
    socket.close();
  }
  sockets.clear();
}

// Scale the picture to the window; its size stays that of the guest's screen, so that
// positions of the pointer are right.
function fit() {
  const canvas = screen.querySelector('canvas');
  if (canvas) {
    const scale = Math.min(
      stage.clientWidth / canvas.width,
      stage.clientHeight / canvas.height,
    );
    screen.style.transform = `translate(-50%, -50%) scale(${scale})`;
  }
}

// A guest with a SPICE agent can resize its screen to the window.
function resizeGuest() {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    if (main && agent) {
      const [width, height] = [stage.clientWidth & ~7, stage.clientHeight & ~7];
      main.resize_window(0, width, height, 32, 0, 0);
    }
  }, RESIZE_MS);
}

new ResizeObserver(fit).observe(screen);
window.addEventListener('resize', () => {
  fit();
  resizeGuest();
});
document.getElementById('reconnect').addEventListener('click', connect);
document.getElementById('ctrl-alt-del').addEventListener('click', () => {
  sendCtrlAltDel(main);
});
connect();
