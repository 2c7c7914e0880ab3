// SPDX-License-Identifier: Apache-2.0
// The channels of a SPICE console.  spice-html5 opens a WebSocket for each, and draws the
// screen; it does not report why they end, and mostly not even that they do.

import { Connection, SUBPROTOCOL } from './connection.js';
import { NOT_NOW, OVER, REFUSED } from './endings.js';
import { Constants, SpiceMainConn } from './spice-html5/spice.js';

// In one of fifteen loads, a ticket of spice-html5 is too short and the guest answers
// "Permission denied".  A console has at least four channels, each with a ticket.
const MAX_RETRIES = 8;
const RETRY_MS = 250;

// After this time the console can be used, even if some channels have not answered.
const PATIENCE_MS = 10000;
const CHECK_MS = 100;

// The close codes of the proxy when the guest closes a connection, or resets it.
const GUEST_ENDS = [1000, 1011];

const UNWANTED =
  'The console refused the connection. Reconnect, or request a new console URL.';

let current = null; // the Channels to which a new WebSocket belongs

globalThis.WebSocket = class extends WebSocket {
  constructor(url) {
    super(url, SUBPROTOCOL);
    current.add(this);
  }
};

export class Channels {
  // onAdmitted() is called for each channel, onRetry() before all are opened again, and
  // onAgent() when the guest has a SPICE agent.  onOpen() and onEnd(ending) are called once.
  constructor(url, { onAdmitted, onRetry, onAgent, onOpen, onEnd }) {
    this.url = url;
    this.onAdmitted = onAdmitted;
    this.onRetry = onRetry;
    this.onAgent = onAgent;
    this.onOpen = onOpen;
    this.onEnd = onEnd;
    this.retries = 0;
    this.connect();
  }

  connect() {
    this.connections = new Set();
    this.isOpen = false;
    current = this;
    this.main = new SpiceMainConn({
      uri: this.url.href,
      screen_id: 'screen',
      password: '',
      onerror: () => {}, // the close event of the socket says more
      onagent: this.onAgent,
    });
    const began = Date.now();
    this.checking = setInterval(() => this.check(began), CHECK_MS);
  }

  add(socket) {
    const connection = new Connection(socket, {
      onAdmitted: this.onAdmitted,
      onKey: () => {}, // the token opens the console again
      onEnd: (ending) => this.ended(socket.parent, ending),
    });
    this.connections.add(connection);
  }

  check(began) {
    const isReady = (channel) => channel?.state === 'ready';
    const channels = [...this.connections].map(({ socket }) => socket.parent);
    const enough =
      Date.now() - began > PATIENCE_MS || channels.every((one) => isReady(one));
    if (isReady(this.main.display) && isReady(this.main.inputs) && enough) {
      clearInterval(this.checking);
      this.isOpen = true;
      this.onOpen();
    }
  }

  // Until the console is open, the end of any channel may be caused by a refused one: the
  // page may learn of another end first.
  ended(channel, ending) {
    this.close();
    const code = channel.reply_link?.error || channel.auth_reply?.auth_code;
    const mayBeTicket = code
      ? code === Constants.SPICE_LINK_ERR_PERMISSION_DENIED
      : GUEST_ENDS.includes(ending.code);
    if (ending.kind === REFUSED || ending.kind === NOT_NOW) {
      this.onEnd(ending);
    } else if (!this.isOpen && mayBeTicket && this.retries < MAX_RETRIES) {
      this.retries += 1;
      this.onRetry();
      this.retrying = setTimeout(() => this.connect(), RETRY_MS);
    } else {
      this.onEnd(code ? { kind: OVER, words: UNWANTED } : ending);
    }
  }

  // Not spice-html5's own stop(): it fails if a channel is missing.
  close() {
    clearInterval(this.checking);
    clearTimeout(this.retrying);
    for (const connection of this.connections) {
      const channel = connection.socket.parent;
      channel.state = 'closing';
      clearTimeout(channel.timeout);
      connection.close();
    }
  }
}
