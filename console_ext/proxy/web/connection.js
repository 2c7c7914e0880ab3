// SPDX-License-Identifier: Apache-2.0
// A connection to a console, with the subprotocol console-ext.v1: binary frames are
// data, and text frames are messages between the page and the proxy.

import { ending, unopened } from './endings.js';

export const SUBPROTOCOL = 'console-ext.v1';

// Report what is drawn each time that this much is new; it is less than the proxy sends
// ahead.
const REPORT_BYTES = 2 ** 15;

// Browsers slow down hidden pages, so they draw little.  A hidden page accepts this
// much more than it has drawn before the guest has to wait.
const HIDDEN_BYTES = 2 ** 22;

// A refusal follows directly after the opening; without one in this time, it succeeded.
const REFUSAL_MS = 100;

const SEND_BYTES = 2 ** 14;
const UNSENT_BYTES = 2 ** 17;
const SEND_AGAIN_MS = 20;

// Reports of what is drawn may be unsent, too.  They are smaller than this, and their
// loss does not matter to the user.
const REPORTS_BYTES = 1024;

export class Connection {
  /**
   * @param {WebSocket} socket - new, and offering the subprotocol; a library may listen
   *   to it after this: it sees no text frames, and no data after close()
   * @param {object} options
   * @param {(bytes: Uint8Array, done: () => void) => void} [options.draw] - shows
   *   bytes, and then calls done; without it, a library controls the flow of data
   * @param {() => void} options.onAdmitted - called once
   * @param {(key: import('./rejoin.js').RejoinKey) => void} options.onKey - called with
   *   each new key to this session
   * @param {(found: import('./endings.js').Ending) => void} options.onEnd - called once
   * @param {(bytes: number) => void} [options.onUnsent] - called after the end if so
   *   many of the last bytes were not sent
   */
  constructor(socket, { draw, onAdmitted, onKey, onEnd, onUnsent = () => {} }) {
    this.draw = draw;
    this.onAdmitted = onAdmitted;
    this.onKey = onKey;
    this.onEnd = onEnd;
    this.onUnsent = onUnsent;
    this.received = 0;
    this.drawn = 0;
    this.reported = 0;
    this.isAnswered = false;
    this.isAdmitted = false;
    this.isClosed = false;
    /** @type {Uint8Array<ArrayBuffer>[]} */
    this.unsent = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.sending = undefined;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.waiting = undefined;
    this.socket = socket;
    socket.binaryType = 'arraybuffer';
    socket.addEventListener('open', () => {
      this.isAnswered = true;
      if (!draw) {
        socket.send(JSON.stringify({ drawn: null }));
      }
      this.waiting = setTimeout(() => this.admit(), REFUSAL_MS);
    });
    socket.addEventListener('message', (event) => this.take(event));
    socket.addEventListener('close', (event) => this.ended(event));
  }

  admit() {
    clearTimeout(this.waiting);
    if (!this.isAdmitted && !this.isClosed) {
      this.isAdmitted = true;
      this.onAdmitted();
    }
  }

  /** @param {MessageEvent} event */
  take(event) {
    const { data } = event;
    const isMessage = typeof data === 'string';
    if (isMessage || this.isClosed) {
      event.stopImmediatePropagation();
    }
    if (this.isClosed) {
      return;
    }
    if (isMessage) {
      this.read(JSON.parse(data));
      return;
    }
    this.admit();
    if (this.draw) {
      this.show(new Uint8Array(data), this.draw);
    }
  }

  /**
   * @param {Uint8Array} bytes
   * @param {(bytes: Uint8Array, done: () => void) => void} draw
   */
  show(bytes, draw) {
    this.received += bytes.length;
    draw(bytes, () => {
      this.drawn += bytes.length;
      this.report();
    });
    this.report();
  }

  /**
   * Ignore other messages: only a later version of the proxy sends them.
   *
   * @param {Partial<import('./rejoin.js').RejoinKey>} message
   */
  read({ rejoin, within }) {
    if (rejoin && within) {
      this.onKey({ rejoin, within });
      this.admit();
    }
  }

  report() {
    const ahead = this.received - this.drawn;
    const taken =
      document.hidden && ahead < HIDDEN_BYTES ? this.received : this.drawn;
    if (taken - this.reported >= REPORT_BYTES && this.socket.readyState === 1) {
      this.reported = taken;
      this.socket.send(JSON.stringify({ drawn: taken }));
    }
  }

  /**
   * Send in parts, no faster than the guest reads them; keys that are typed meanwhile
   * come after them.
   *
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  send(bytes) {
    for (let at = 0; at < bytes.length; at += SEND_BYTES) {
      this.unsent.push(bytes.subarray(at, at + SEND_BYTES));
    }
    this.sendMore();
  }

  sendMore() {
    clearTimeout(this.sending);
    while (this.unsent[0] && this.socket.readyState === 1) {
      if (this.socket.bufferedAmount > UNSENT_BYTES) {
        this.sending = setTimeout(() => this.sendMore(), SEND_AGAIN_MS);
        return;
      }
      this.socket.send(this.unsent[0]);
      this.unsent.shift();
    }
  }

  // Close, and call nothing any more.
  close() {
    this.isClosed = true;
    this.stop();
    this.socket.close();
  }

  stop() {
    clearTimeout(this.waiting);
    clearTimeout(this.sending);
    this.unsent = [];
  }

  /** @param {CloseEvent} event */
  ended(event) {
    const waiting = this.unsent.reduce((size, part) => size + part.length, 0);
    const unsent = waiting + this.socket.bufferedAmount;
    this.stop();
    // For a refusal, Firefox mostly reports no opening, but still its reason.
    if (this.isAnswered || event.reason) {
      this.tell(ending(event));
    } else {
      unopened().then((found) => this.tell(found));
    }
    if (this.isAdmitted && unsent > REPORTS_BYTES) {
      this.onUnsent(unsent);
    }
  }

  /** @param {import('./endings.js').Ending} found */
  tell(found) {
    if (!this.isClosed) {
      this.isClosed = true;
      this.onEnd(found);
    }
  }
}
