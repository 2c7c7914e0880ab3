// SPDX-License-Identifier: Apache-2.0
// The channels of a SPICE console.  spice-html5 opens a WebSocket for each, and draws
// the screen; it does not report why they end, and mostly not even that they do.

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

/**
 * spice-html5 adds the channel.
 *
 * @typedef {import('./spice-html5/spice.js').SpiceConn} SpiceConn
 * @typedef {WebSocket & { parent?: SpiceConn }} ChannelSocket
 */

/** @type {Channels | null} */
let current = null; // that to which a new WebSocket belongs

globalThis.WebSocket = class extends WebSocket {
  /** @param {string | URL} url */
  constructor(url) {
    super(url, SUBPROTOCOL);
    current?.add(this);
  }
};

export class Channels {
  /**
   * @param {URL} url
   * @param {object} options
   * @param {() => void} options.onAdmitted - called for each channel
   * @param {() => void} options.onRetry - called before all are opened again
   * @param {() => void} options.onAgent - called when the guest has a SPICE agent
   * @param {() => void} options.onOpen - called once
   * @param {(found: import('./endings.js').Ending) => void} options.onEnd - called once
   */
  constructor(url, { onAdmitted, onRetry, onAgent, onOpen, onEnd }) {
    this.url = url;
    this.onAdmitted = onAdmitted;
    this.onRetry = onRetry;
    this.onAgent = onAgent;
    this.onOpen = onOpen;
    this.onEnd = onEnd;
    this.retries = 0;
    /** @type {Set<{ socket: ChannelSocket, close: () => void }>} */
    this.connections = new Set();
    this.isOpen = false;
    /** @type {import('./spice-html5/spice.js').SpiceMainConn | null} */
    this.main = null;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.checking = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.retrying = undefined;
    this.connect();
  }

  connect() {
    this.connections.clear();
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

  /** @param {ChannelSocket} socket */
  add(socket) {
    const connection = new Connection(socket, {
      onAdmitted: this.onAdmitted,
      onKey: () => {}, // the token opens the console again
      onEnd: (ending) => this.ended(socket.parent, ending),
    });
    this.connections.add(connection);
  }

  /** @param {number} began - when, by the clock of the browser */
  check(began) {
    /** @param {SpiceConn | undefined} channel */
    const isReady = (channel) => channel?.state === 'ready';
    const channels = [...this.connections].map(({ socket }) => socket.parent);
    const enough =
      Date.now() - began > PATIENCE_MS || channels.every((one) => isReady(one));
    if (isReady(this.main?.display) && isReady(this.main?.inputs) && enough) {
      clearInterval(this.checking);
      this.isOpen = true;
      this.onOpen();
    }
  }

  /**
   * Until the console is open, the end of any channel may be caused by a refused one:
   * the page may learn of another end first.
   *
   * @param {SpiceConn | undefined} channel
   * @param {import('./endings.js').Ending} ending
   */
  ended(channel, ending) {
    this.close();
    const code = channel?.reply_link?.error || channel?.auth_reply?.auth_code;
    const mayBeTicket = code
      ? code === Constants.SPICE_LINK_ERR_PERMISSION_DENIED
      : GUEST_ENDS.includes(ending.code ?? 0);
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
      if (channel) {
        channel.state = 'closing';
        clearTimeout(channel.timeout);
      }
      connection.close();
    }
  }
}
