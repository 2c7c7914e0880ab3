// SPDX-License-Identifier: Apache-2.0
// A connection to a console, with the subprotocol console-ext.v1: binary frames are data;
// in text frames the page reports what it has drawn.  It explains its end in a sentence.

const SUBPROTOCOL = 'console-ext.v1';

// Report what is drawn each time that this much is new; less than the proxy sends ahead.
const REPORT_BYTES = 2 ** 15;

// Browsers slow down hidden pages, so they draw little.  A hidden page accepts this much
// more than it has drawn before the guest has to wait.
const HIDDEN_BYTES = 2 ** 22;

// A refusal follows directly after the opening; without one in this time, it succeeded.
const REFUSAL_MS = 100;

// The close code of a refusal is this number plus its HTTP status.
const REFUSED = 4000;

// After these refusals the token is still valid, so the page can try again.
const RETRYABLE = [409, 429, 502, 503].map((status) => REFUSED + status);

const SEND_BYTES = 2 ** 14;
const UNSENT_BYTES = 2 ** 17;
const SEND_AGAIN_MS = 20;

const REQUEST = 'Request a new console URL to open it again.';

const CODES = new Map([
  [1002, 'The connection violated the WebSocket protocol.'],
  [1006, 'The connection to the console was lost.'],
  [1009, 'A message was too long for the console proxy.'],
]);

export class Connection {
  // draw(bytes, done) shows bytes and then calls done.  onOpen() and onEnd(words, again)
  // are called once; again is whether the same token may open the console again.
  constructor(url, { draw, onOpen, onEnd }) {
    this.draw = draw;
    this.onOpen = onOpen;
    this.onEnd = onEnd;
    this.received = 0;
    this.drawn = 0;
    this.reported = 0;
    this.isAnswered = false;
    this.isOpen = false;
    this.unsent = [];
    this.sending = null;
    this.socket = new WebSocket(url, SUBPROTOCOL);
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('open', () => {
      this.isAnswered = true;
      this.opening = setTimeout(() => this.admitted(), REFUSAL_MS);
    });
    this.socket.addEventListener('message', ({ data }) => this.take(data));
    this.socket.addEventListener('close', (event) => this.ended(event));
  }

  admitted() {
    clearTimeout(this.opening);
    if (!this.isOpen) {
      this.isOpen = true;
      this.onOpen();
    }
  }

  take(data) {
    // Ignore text frames: only a later version of the proxy sends them.
    if (typeof data === 'string') {
      return;
    }
    this.admitted();
    this.received += data.byteLength;
    this.draw(new Uint8Array(data), () => {
      this.drawn += data.byteLength;
      this.report();
    });
    this.report();
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

  // Send in parts, no faster than the guest reads them; keys typed meanwhile come after.
  send(bytes) {
    for (let at = 0; at < bytes.length; at += SEND_BYTES) {
      this.unsent.push(bytes.subarray(at, at + SEND_BYTES));
    }
    this.sendMore();
  }

  sendMore() {
    clearTimeout(this.sending);
    this.sending = null;
    while (this.unsent.length && this.socket.readyState === 1) {
      if (this.socket.bufferedAmount > UNSENT_BYTES) {
        this.sending = setTimeout(() => this.sendMore(), SEND_AGAIN_MS);
        return;
      }
      this.socket.send(this.unsent.shift());
    }
  }

  // The number of bytes that wait to be sent.
  get waiting() {
    const parts = this.unsent.reduce((sum, part) => sum + part.length, 0);
    return parts + this.socket.bufferedAmount;
  }

  async ended({ code, reason }) {
    clearTimeout(this.opening);
    clearTimeout(this.sending);
    this.unsent = [];
    if (code > REFUSED) {
      this.onEnd(reason, RETRYABLE.includes(code));
    } else if (this.isAnswered) {
      const words =
        reason || CODES.get(code) || `The connection ended with code ${code}.`;
      this.onEnd(`${words} ${REQUEST}`, false);
    } else if (await isReachable()) {
      this.onEnd(
        'The console cannot be opened: something between this page and the console ' +
          'proxy, perhaps a reverse proxy, refuses WebSockets.',
        true,
      );
    } else {
      this.onEnd('The console proxy cannot be reached. Check your network.', true);
    }
  }
}

async function isReachable() {
  try {
    const url = new URL('../../healthcheck', import.meta.url);
    return (await fetch(url, { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}
