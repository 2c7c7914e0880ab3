// SPDX-License-Identifier: Apache-2.0
// A SPICE console: spice-html5 draws it, this page connects it and says how it goes.
import { Constants } from './spice-html5/enums.js';
import { SpiceMainConn, sendCtrlAltDel } from './spice-html5/main.js';

// One load in fifteen has a ticket of spice-html5's that is too short, and "Permission
// denied". A console has four or more connections, each with a ticket.
const MAX_RETRIES = 8;
const RETRY_MS = 250;
const RESIZE_MS = 200;
const LOOK_MS = 100;
const OPEN_MS = 20000;

// What the proxy says when the guest ends a connection, or resets it.
const GUEST_ENDS = [1000, 1011];

const query = new URLSearchParams(location.search);
const token = query.get('token');
const stage = document.getElementById('stage');
const screen = document.getElementById('screen');

const sockets = new Set();
let attempt = 0; // which connection of all is the current one
let retries = 0;
let retrying = null;
let isOpen = false; // whether every channel of this attempt has been let in
let main = null;
let agent = false;
let looking = null;
let resizing = null;

// spice-html5 tells nobody how its sockets end, and of most of them not even that.
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
    say('ended', 'This address has no token: ask for a new console URL.');
    return;
  }
  say('connecting', 'Connecting…');
  // Beside this page, and with the token in the address: a cookie would be shared with
  // every other console in this browser.
  const url = new URL('.', location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  url.search = new URLSearchParams({ token });
  main = new SpiceMainConn({
    uri: url.href,
    screen_id: 'screen',
    password: '',
    onerror: () => {}, // its socket closes, and the event says more
    onagent: () => {
      agent = true;
      resizeGuest();
    },
  });
  const deadline = Date.now() + OPEN_MS;
  looking = setInterval(() => look(deadline), LOOK_MS);
}

// Without a channel that is silent, the console is good enough in the end.
function look(deadline) {
  const late = Date.now() > deadline;
  const isReady = (channel) => channel?.state === 'ready';
  const usable = isReady(main.display) && isReady(main.inputs);
  if (usable && (late || [...sockets].every(({ parent }) => isReady(parent)))) {
    clearInterval(looking);
    isOpen = true;
    say('open', query.get('title') || 'Connected');
    fit();
    screen.querySelector('canvas')?.focus();
  } else if (late) {
    end('The console does not answer.');
  }
}

// Until the console is open, the end of any of its channels may be that of a refused one,
// whichever the page hears of first.
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
      'The console refused the connection. Reconnect, or ask for a new console URL.',
    );
  } else if (event.reason) {
    end(event.reason);
  } else {
    end('The connection to the console was lost.');
  }
}

// A browser hides why a WebSocket was refused; whether the proxy is there it tells.
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
          'server is not running. Ask for a new console URL.'
      : 'The console proxy cannot be reached.',
  );
}

function end(words) {
  hangUp();
  say('ended', words);
}

function hangUp() {
  attempt += 1;
  clearInterval(looking);
  clearTimeout(retrying);
  isOpen = false;
  agent = false;
  main = null;
  for (const socket of sockets) {
    // Its own stop() fails half way where a channel is missing, and clears the screen.
    if (socket.parent) {
      socket.parent.state = 'closing';
      clearTimeout(socket.parent.timeout);
    }
    socket.close();
  }
  sockets.clear();
}

// The picture is as large as the guest says; scaling keeps the pointer right.
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

// A guest with an agent makes its screen as large as the window.
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
