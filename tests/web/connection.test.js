// SPDX-License-Identifier: Apache-2.0
// The proxy's side of a connection is a fake socket; the clock is node's.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { Connection } from '../../console_ext/proxy/web/connection.js';
import { ENDED, LOST, NOT_NOW } from '../../console_ext/proxy/web/endings.js';

const KIB = 2 ** 10;

class Socket extends EventTarget {
  sent = [];
  readyState = 0;
  bufferedAmount = 0;

  send(data) {
    this.sent.push(data);
  }

  close() {
    this.readyState = 2;
  }

  happen(type, values = {}) {
    this.dispatchEvent(Object.assign(new Event(type), values));
  }

  // What the proxy does.

  open() {
    this.readyState = 1;
    this.happen('open');
  }

  say(text) {
    this.happen('message', { data: new TextEncoder().encode(text).buffer });
  }

  tell(message) {
    this.happen('message', { data: JSON.stringify(message) });
  }

  end(code, reason = '') {
    this.readyState = 3;
    this.happen('close', { code, reason });
  }
}

// A connection, and what it tells the page.
function connect({ draws = true } = {}) {
  const page = { socket: new Socket(), drawn: [], admitted: 0, keys: [], ends: [] };
  page.unsent = [];
  const undrawn = [];
  page.drawNext = () => undrawn.shift()();
  page.connection = new Connection(page.socket, {
    draw(bytes, done) {
      page.drawn.push(new TextDecoder().decode(bytes));
      undrawn.push(done);
      if (draws) {
        page.drawNext();
      }
    },
    onAdmitted() {
      page.admitted += 1;
    },
    onKey: (message) => page.keys.push(message),
    onEnd: (found) => page.ends.push(found),
    onUnsent: (bytes) => page.unsent.push(bytes),
  });
  return page;
}

// A connection that the proxy has let in.
function open(options) {
  const page = connect(options);
  page.socket.open();
  mock.timers.tick(100);
  return page;
}

// The numbers of drawn bytes that the page has reported.
function reports({ socket }) {
  const texts = socket.sent.filter((data) => typeof data === 'string');
  return texts.map((text) => JSON.parse(text).drawn);
}

function sizes({ socket }) {
  return socket.sent.map((data) => data.length);
}

// Let pending promises run.
async function settled() {
  for (let turn = 0; turn < 10; turn += 1) {
    await Promise.resolve();
  }
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  globalThis.document = { hidden: false };
  globalThis.fetch = () => Promise.reject(new TypeError('no network'));
});

// Its opening.

test('it is admitted if no refusal has followed', () => {
  const page = connect();
  page.socket.open();
  mock.timers.tick(99);
  assert.equal(page.admitted, 0);
  mock.timers.tick(1);
  assert.equal(page.admitted, 1);
});

test('it is admitted with the first byte of the guest', () => {
  const page = connect();
  page.socket.open();
  page.socket.say('login:');
  assert.equal(page.admitted, 1);
  assert.deepEqual(page.drawn, ['login:']);
  mock.timers.tick(1000);
  assert.equal(page.admitted, 1);
});

test('data come as bytes', () => {
  assert.equal(connect().socket.binaryType, 'arraybuffer');
});

// Messages of the proxy.

test('a key to the session is passed on, and shows that it was admitted', () => {
  const page = connect();
  page.socket.open();
  page.socket.tell({ rejoin: 'k', within: 60 });
  assert.deepEqual(page.keys, [{ rejoin: 'k', within: 60 }]);
  assert.equal(page.admitted, 1);
});

test('messages of a later version are ignored', () => {
  const page = connect();
  page.socket.open();
  page.socket.tell({ later: true });
  page.socket.tell({ rejoin: 'without a time' });
  assert.deepEqual(page.keys, []);
  assert.deepEqual(page.drawn, []);
  assert.equal(page.admitted, 0);
});

test('a library that uses the socket sees data only, until the page closes it', () => {
  const page = connect();
  const seen = [];
  page.socket.addEventListener('message', ({ data }) => seen.push(data.byteLength));
  page.socket.open();
  page.socket.tell({ rejoin: 'k', within: 60 });
  page.socket.say('four');
  page.connection.close();
  page.socket.say('late');
  assert.deepEqual(seen, [4]);
});

// Its end.

test('a refusal ends it before that', async () => {
  const page = connect();
  page.socket.open();
  page.socket.end(4409, 'Not yet.');
  await settled();
  mock.timers.tick(1000);
  assert.deepEqual(page.ends, [{ code: 4409, kind: NOT_NOW, words: 'Not yet.' }]);
  assert.equal(page.admitted, 0);
});

test('a refusal without an opening, as in Firefox', async () => {
  const page = connect();
  page.socket.end(4409, 'Not yet.');
  await settled();
  assert.deepEqual(page.ends, [{ code: 4409, kind: NOT_NOW, words: 'Not yet.' }]);
});

test('the end of an open one', async () => {
  const page = open();
  page.socket.end(1000, 'The guest ended the console.');
  await settled();
  assert.deepEqual(page.ends, [
    { code: 1000, kind: ENDED, words: 'The guest ended the console.' },
  ]);
});

test('the loss of an open one', async () => {
  const page = open();
  page.socket.end(1006);
  await settled();
  assert.equal(page.ends[0].kind, LOST);
});

test('a socket that was never open is not a loss', async () => {
  const page = connect();
  page.socket.end(1006);
  await settled();
  assert.equal(page.ends[0].kind, NOT_NOW);
});

test('after the page has closed it, it tells nothing', async () => {
  const page = connect();
  page.socket.open();
  page.connection.close();
  assert.equal(page.socket.readyState, 2);
  page.socket.say('late');
  page.socket.tell({ rejoin: 'k', within: 60 });
  page.socket.end(1006);
  await settled();
  mock.timers.tick(1000);
  assert.deepEqual(page.drawn, []);
  assert.equal(page.admitted, 0);
  assert.deepEqual(page.keys, []);
  assert.deepEqual(page.ends, []);
});

// Reports of what is drawn.

test('each 32 KiB that are drawn are reported', () => {
  const page = open();
  page.socket.say('x'.repeat(32 * KIB - 1));
  assert.deepEqual(reports(page), []);
  page.socket.say('x');
  assert.deepEqual(reports(page), [32 * KIB]);
  page.socket.say('x'.repeat(100));
  assert.deepEqual(reports(page), [32 * KIB]);
  page.socket.say('x'.repeat(40 * KIB));
  assert.deepEqual(reports(page), [32 * KIB, 72 * KIB + 100]);
});

test('what is received but not drawn is not reported', () => {
  const page = open({ draws: false });
  page.socket.say('x'.repeat(64 * KIB));
  assert.deepEqual(reports(page), []);
  page.drawNext();
  assert.deepEqual(reports(page), [64 * KIB]);
});

test('a library with a flow control of its own needs no reports', () => {
  const socket = new Socket();
  const connection = new Connection(socket, {
    onAdmitted() {},
    onKey() {},
    onEnd() {},
  });
  socket.open();
  socket.say('x'.repeat(64 * KIB));
  assert.ok(connection.isAdmitted);
  assert.deepEqual(socket.sent, ['{"drawn":null}']);
});

test('a hidden page draws nothing, and still takes 4 MiB', () => {
  document.hidden = true;
  const page = open({ draws: false });
  for (let at = 0; at < 128; at += 1) {
    page.socket.say('x'.repeat(64 * KIB));
  }
  const last = reports(page).at(-1);
  assert.ok(last >= 3840 * KIB && last <= 4096 * KIB, `${last} bytes are reported`);
});

test('nothing is reported after the end', () => {
  const page = open({ draws: false });
  page.socket.say('x'.repeat(64 * KIB));
  page.socket.end(1000);
  page.drawNext();
  assert.deepEqual(page.socket.sent, []);
});

// What is typed and pasted.

test('a paste is sent in parts of 16 KiB, complete and in order', () => {
  const page = open();
  const bytes = Uint8Array.from({ length: 40 * KIB }, (_, at) => at % 251);
  page.connection.send(bytes);
  assert.deepEqual(sizes(page), [16 * KIB, 16 * KIB, 8 * KIB]);
  assert.deepEqual(Buffer.concat(page.socket.sent), Buffer.from(bytes));
});

test('it waits while the socket holds much, and a key waits behind it', () => {
  const page = open();
  page.socket.bufferedAmount = 128 * KIB + 1;
  page.connection.send(new Uint8Array(20 * KIB));
  page.connection.send(Uint8Array.of(33));
  mock.timers.tick(1000);
  assert.deepEqual(sizes(page), []);
  page.socket.bufferedAmount = 0;
  mock.timers.tick(20);
  assert.deepEqual(sizes(page), [16 * KIB, 4 * KIB, 1]);
});

test('it tells how much of a paste was not sent', () => {
  const page = open();
  page.socket.bufferedAmount = 128 * KIB + 1;
  page.connection.send(new Uint8Array(20 * KIB));
  page.socket.end(1006);
  assert.deepEqual(page.unsent, [148 * KIB + 1]);
  assert.equal(page.ends.length, 1);
});

test('it tells nothing if all was sent, or if it was not open', () => {
  const sent = open();
  sent.connection.send(new Uint8Array(20 * KIB));
  // A report of what is drawn.
  sent.socket.bufferedAmount = 20;
  sent.socket.end(1006);
  const refused = connect();
  refused.connection.send(new Uint8Array(20 * KIB));
  refused.socket.open();
  refused.socket.end(4409, 'Not yet.');
  const closed = open();
  closed.socket.bufferedAmount = 20 * KIB;
  closed.connection.close();
  assert.deepEqual([sent.unsent, refused.unsent, closed.unsent], [[], [], []]);
});

test('what waits is dropped at the end', () => {
  const page = open();
  page.socket.bufferedAmount = 2 ** 20;
  page.connection.send(Uint8Array.of(33));
  page.socket.end(1000);
  page.socket.bufferedAmount = 0;
  mock.timers.tick(1000);
  assert.deepEqual(page.socket.sent, []);
});
