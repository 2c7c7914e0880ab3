// SPDX-License-Identifier: Apache-2.0
// A connection to a console, in the subprotocol console-ext.v1: binary frames are data, in
// text frames the page says what it has drawn.  How it ended is said in words.

const SUBPROTOCOL = 'console-ext.v1';

// What is drawn without a word to the proxy: a part of what it sends ahead.
const UNSAID_BYTES = 2 ** 15;

// A hidden page draws little, because browsers slow it down.  So much is taken ahead of
// it before the guest has to wait.
const HIDDEN_BYTES = 2 ** 22;

// A refusal comes right behind the opening; what opens for so long was let in.
const REFUSAL_MS = 100;

// What the proxy adds to the HTTP status of a refusal, for its close code.
const REFUSED = 4000;

// Refusals that leave the token usable, so that the page can try again.
const PASSING = [409, 429, 502, 503].map((status) => REFUSED + status);

const SEND_BYTES = 2 ** 14;
const UNSENT_BYTES = 2 ** 17;
const SEND_AGAIN_MS = 20;

const ASK = 'Ask for a new console URL to open it again.';

const CODES = new Map([
  [1002, 'The connection broke the WebSocket protocol.'],
  [1006, 'The connection to the console was lost.'],
  [1009, 'A message was too long for the console proxy.'],
]);

export class Connection {
  // draw(bytes, done) shows bytes and then calls done; onOpen() and onEnd(words, again)
  // are called once: again says whether the same token may open the console yet.
  constructor(url, { draw, onOpen, onEnd }) {
    this.draw = draw;
    this.onOpen = onOpen;
    this.onEnd = onEnd;
    this.received = 0;
    this.drawn = 0;
    this.said = 0;
    this.isAnswered = false;
    this.isOpen = false;
    this.unsent = [];
    this.sending = null;
    this.socket = new WebSocket(url, SUBPROTOCOL);
    this.socket.binaryType = 'arraybuffer';
    this.socket.addEventListener('open', () => {
      this.isAnswered = true;
      this.opening = setTimeout(() => this.letIn(), REFUSAL_MS);
    });
    this.socket.addEventListener('message', ({ data }) => this.take(data));
    this.socket.addEventListener('close', (event) => this.ended(event));
  }

  letIn() {
    clearTimeout(this.opening);
    if (!this.isOpen) {
      this.isOpen = true;
      this.onOpen();
    }
  }

  take(data) {
    // A later version of the proxy may say something.
    if (typeof data === 'string') {
      return;
    }
    this.letIn();
    this.received += data.byteLength;
    this.draw(new Uint8Array(data), () => {
      this.drawn += data.byteLength;
      this.say();
    });
    this.say();
  }

  say() {
    const ahead = this.received - this.drawn;
    const taken =
      document.hidden && ahead < HIDDEN_BYTES ? this.received : this.drawn;
    if (taken - this.said >= UNSAID_BYTES && this.socket.readyState === 1) {
      this.said = taken;
      this.socket.send(JSON.stringify({ drawn: taken }));
    }
  }

  // In parts, and no faster than the guest takes them: a key typed meanwhile comes after.
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

  // Bytes that wait to be sent.
  get waiting() {
    const parts = this.unsent.reduce((sum, part) => sum + part.length, 0);
    return parts + this.socket.bufferedAmount;
  }

  async ended({ code, reason }) {
    clearTimeout(this.opening);
    clearTimeout(this.sending);
    this.unsent = [];
    if (code > REFUSED) {
      this.onEnd(reason, PASSING.includes(code));
    } else if (this.isAnswered) {
      const words =
        reason || CODES.get(code) || `The connection ended with code ${code}.`;
      this.onEnd(`${words} ${ASK}`, false);
    } else if (await isReachable()) {
      this.onEnd(
        'The console was not opened, because something between this page and the ' +
          'console proxy refuses its WebSocket.',
        true,
      );
    } else {
      this.onEnd('The console proxy cannot be reached.', true);
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
