// SPDX-License-Identifier: Apache-2.0
// How a page keeps its console open. The shell and the console are fakes; the clock is
// node's.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import {
  ENDED,
  LOST,
  NOT_NOW,
  OVER,
  REFUSED,
} from '../../console_ext/proxy/web/endings.js';
import { Session } from '../../console_ext/proxy/web/session.js';
import { openTab } from './tab.js';

const ADDRESS = 'ws://host/';
const KEY = { rejoin: 'k', within: 60 };
const REQUEST = 'Request a new console URL to open it again.';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 10 ** 12 });
  openTab();
});

// A page with its shell, and the attempts to open the console.
function page({ token = 't', reusable = false } = {}) {
  const made = { attempts: [], hungUp: [], leaving: new EventTarget() };
  globalThis.addEventListener = (...given) => made.leaving.addEventListener(...given);
  const shell = {
    get isOpen() {
      return made.said?.state === 'open';
    },
    say(state, words, { again = false } = {}) {
      made.said = { state, words, again };
    },
    button(id, label, act) {
      made.reconnect = act;
    },
  };
  made.session = new Session(shell, {
    address: ADDRESS,
    token,
    reusable,
    begin(url, events) {
      const attempt = { query: url.search, ...events };
      made.attempts.push(attempt);
      return () => made.hungUp.push(attempt);
    },
  });
  made.session.connect();
  return made;
}

function last({ attempts }) {
  return attempts.at(-1);
}

// The console is open.
function accept(made, key = KEY) {
  if (key) {
    last(made).onKey(key);
  }
  last(made).onAdmitted();
  last(made).onOpen();
}

// A page whose console is open, with a key to its session.
function open(options) {
  const made = page(options);
  accept(made);
  return made;
}

function lose(made) {
  last(made).onEnd({ kind: LOST, words: 'Lost.' });
}

// The page opens the console again by itself.
function reopens(made) {
  const before = made.attempts.length;
  for (let passed = 0; made.attempts.length === before; passed += 100) {
    assert.ok(passed < 10000, 'it does not');
    mock.timers.tick(100);
  }
}

test('it opens the console with the token of the address', () => {
  const made = page();
  assert.equal(made.attempts.length, 1);
  assert.equal(last(made).query, '?token=t');
  assert.equal(made.said.state, 'connecting');
  last(made).onAdmitted();
  assert.equal(made.said.state, 'connecting');
  last(made).onOpen();
  assert.deepEqual(made.said, { state: 'open', words: 'Connected', again: false });
});

test('without a token it says so, and opens nothing', () => {
  const made = page({ token: null });
  assert.equal(made.attempts.length, 0);
  assert.equal(made.said.state, 'ended');
  assert.match(made.said.words, /no token/);
  assert.equal(made.said.again, false);
});

test('a console that does not answer can be tried again', () => {
  const made = page();
  mock.timers.tick(20000);
  assert.deepEqual(made.said, {
    state: 'ended',
    words: 'The console does not answer.',
    again: true,
  });
  assert.equal(made.hungUp.length, 1);
  made.reconnect();
  assert.equal(last(made).query, '?token=t');
  accept(made);
  mock.timers.tick(60000);
  assert.equal(made.said.state, 'open');
});

test('a refusal with a token that stays valid waits for the user', () => {
  const made = page();
  last(made).onEnd({ kind: NOT_NOW, words: 'Not yet.' });
  assert.deepEqual(made.said, { state: 'ended', words: 'Not yet.', again: true });
  mock.timers.tick(600000);
  assert.equal(made.attempts.length, 1);
  made.reconnect();
  assert.equal(made.attempts.length, 2);
});

test('a refusal for good offers nothing', () => {
  const made = page();
  last(made).onEnd({ kind: REFUSED, words: 'It is invalid.' });
  const words = 'It is invalid.';
  assert.deepEqual(made.said, { state: 'ended', words, again: false });
});

test('after a console is over, a new URL is needed', () => {
  const made = open();
  last(made).onEnd({ kind: OVER, words: 'It was revoked.' });
  const words = `It was revoked. ${REQUEST}`;
  assert.deepEqual(made.said, { state: 'ended', words, again: false });
  mock.timers.tick(600000);
  assert.equal(made.attempts.length, 1);
});

test('after the guest has ended it, the user may open it again with the key', () => {
  const made = open();
  last(made).onEnd({ kind: ENDED, words: 'The guest ended it.' });
  assert.deepEqual(made.said, {
    state: 'ended',
    words: 'The guest ended it.',
    again: true,
  });
  mock.timers.tick(30000);
  assert.equal(made.attempts.length, 1);
  made.reconnect();
  assert.equal(last(made).query, '?rejoin=k');
});

test('until the key has expired', () => {
  const made = open();
  last(made).onEnd({ kind: ENDED, words: 'The guest ended it.' });
  mock.timers.tick(60000);
  const words = `The guest ended it. ${REQUEST}`;
  assert.deepEqual(made.said, { state: 'ended', words, again: false });
});

// Losses.

test('after a loss it opens the console again by itself, with the key', () => {
  const made = open();
  lose(made);
  assert.equal(made.said.state, 'connecting');
  assert.match(made.said.words, /^Lost\. /);
  assert.equal(made.attempts.length, 1);
  reopens(made);
  assert.equal(last(made).query, '?rejoin=k');
  accept(made);
  assert.equal(made.said.state, 'open');
});

test('each time with the newest key', () => {
  const made = open();
  for (const rejoin of ['second', 'third']) {
    lose(made);
    reopens(made);
    accept(made, { rejoin, within: 60 });
  }
  lose(made);
  reopens(made);
  assert.equal(last(made).query, '?rejoin=third');
});

test('without a key, a loss is the end', () => {
  const made = page();
  accept(made, null);
  lose(made);
  const words = `Lost. ${REQUEST}`;
  assert.deepEqual(made.said, { state: 'ended', words, again: false });
});

test('it gives up after some attempts, and the user can go on', () => {
  const made = open();
  lose(made);
  while (made.said.state === 'connecting') {
    reopens(made);
    last(made).onEnd({ kind: NOT_NOW, words: 'Not reachable.' });
  }
  assert.deepEqual(made.said, { state: 'ended', words: 'Not reachable.', again: true });
  const count = made.attempts.length;
  assert.ok(count > 2 && count < 12, `${count} attempts`);
  made.reconnect();
  assert.equal(last(made).query, '?rejoin=k');
  accept(made);
  assert.equal(made.said.state, 'open');
});

test('a console that was open for a while gets all its attempts again', () => {
  const made = open();
  for (let times = 0; times < 20; times += 1) {
    lose(made);
    reopens(made);
    accept(made);
    mock.timers.tick(60000);
  }
  assert.equal(made.said.state, 'open');
});

test('one that is lost again and again does not', () => {
  const made = open();
  for (let times = 0; times < 20 && made.said.state === 'open'; times += 1) {
    lose(made);
    if (made.said.state === 'connecting') {
      reopens(made);
      accept(made);
    }
  }
  assert.equal(made.said.state, 'ended');
});

test('when the key has expired, it says so', () => {
  const made = open();
  lose(made);
  while (made.said.state === 'connecting') {
    reopens(made);
    last(made).onEnd({ kind: NOT_NOW, words: 'Not reachable.' });
  }
  mock.timers.tick(60000);
  const words = `Not reachable. ${REQUEST}`;
  assert.deepEqual(made.said, { state: 'ended', words, again: false });
});

test('a refusal while it opens it again is the end', () => {
  const made = open();
  lose(made);
  reopens(made);
  last(made).onEnd({ kind: REFUSED, words: 'It was revoked.' });
  const words = 'It was revoked.';
  assert.deepEqual(made.said, { state: 'ended', words, again: false });
  mock.timers.tick(600000);
  assert.equal(made.attempts.length, 2);
});

test('what an older attempt reports is ignored', () => {
  const made = open();
  const [first] = made.attempts;
  lose(made);
  reopens(made);
  accept(made, null);
  first.onEnd({ kind: OVER, words: 'Late.' });
  first.onKey({ rejoin: 'old', within: 60 });
  assert.equal(made.said.state, 'open');
  lose(made);
  reopens(made);
  assert.equal(last(made).query, '?rejoin=k');
});

// Reloads.

// Whether the browser asks before it leaves the page.
function asks({ leaving }) {
  return !leaving.dispatchEvent(new Event('beforeunload', { cancelable: true }));
}

test('a reload opens the console again with the key', () => {
  open();
  const reloaded = page({ token: null });
  assert.equal(last(reloaded).query, '?rejoin=k');
});

test('a reload of a page whose console has ended says what to do', () => {
  last(open()).onEnd({ kind: OVER, words: 'It was revoked.' });
  const reloaded = page({ token: null });
  assert.equal(reloaded.attempts.length, 0);
  assert.match(reloaded.said.words, /Request a new console URL/);
});

test('the browser asks before it leaves a console that it cannot open again', () => {
  const made = page();
  assert.equal(asks(made), false);
  accept(made, null);
  assert.equal(asks(made), true);
  lose(made);
  assert.equal(asks(made), false);
  assert.equal(asks(open()), false);
});
