// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import {
  ENDED,
  LOST,
  NOT_NOW,
  OVER,
  REFUSED,
} from '../../console_ext/proxy/web/endings.js';
import { Rejoin } from '../../console_ext/proxy/web/rejoin.js';
import { openTab } from './tab.js';

const KEY = { rejoin: 'k', within: 60 };

beforeEach(openTab);

function opened(token, reusable = false) {
  return new Rejoin(token, { reusable });
}

// The page after a reload: its address has no token any more.
function reloaded(reusable = false) {
  return opened(null, reusable);
}

test('an address without a token leads nowhere', () => {
  assert.equal(opened(null).isPossible, false);
});

test('a token leads to the console once', () => {
  const rejoin = opened('t');
  assert.equal(String(rejoin.query), 'token=t');
  rejoin.used();
  assert.equal(rejoin.isPossible, false);
  assert.equal(reloaded().isPossible, false);
});

test('a token that was not used survives a reload', () => {
  opened('t');
  assert.equal(String(reloaded().query), 'token=t');
});

test('a reusable token leads to it again', () => {
  opened('t', true).used();
  const rejoin = reloaded(true);
  assert.equal(String(rejoin.query), 'token=t');
  assert.equal(rejoin.key, null);
});

test('a key takes the place of the token', () => {
  const rejoin = opened('t');
  rejoin.keep(KEY);
  rejoin.used();
  assert.equal(String(rejoin.query), 'rejoin=k');
  assert.deepEqual(rejoin.key, KEY);
  assert.equal(String(reloaded().query), 'rejoin=k');
});

test('a newer key takes the place of an older one', () => {
  const rejoin = opened('t');
  rejoin.keep(KEY);
  rejoin.keep({ rejoin: 'newer', within: 60 });
  assert.equal(String(reloaded().query), 'rejoin=newer');
});

for (const [kind, stays] of [
  [LOST, true],
  [ENDED, true],
  [NOT_NOW, true],
  [OVER, false],
  [REFUSED, false],
]) {
  test(`when the console is ${kind}, a key ${stays ? 'stays' : 'is forgotten'}`, () => {
    const rejoin = opened('t');
    rejoin.keep(KEY);
    rejoin.ended(kind);
    assert.equal(rejoin.isPossible, stays);
    assert.equal(reloaded().isPossible, stays);
  });
}

for (const [kind, stays] of [
  [LOST, true],
  [ENDED, true],
  [NOT_NOW, true],
  [OVER, true],
  [REFUSED, false],
]) {
  const what = stays ? 'stays' : 'is forgotten';
  test(`when the console is ${kind}, a reusable token ${what}`, () => {
    const rejoin = opened('t', true);
    rejoin.ended(kind);
    assert.equal(rejoin.isPossible, stays);
  });
}

for (const kind of [LOST, ENDED]) {
  test(`a console that is ${kind} has spent a token that opens it once`, () => {
    const rejoin = opened('t');
    rejoin.ended(kind);
    assert.equal(rejoin.isPossible, false);
  });
}

test('each entry of the history has its own', () => {
  opened('first');
  const first = history.state;
  history.state = null;
  opened('second');
  assert.equal(String(reloaded().query), 'token=second');
  history.state = first;
  assert.equal(String(reloaded().query), 'token=first');
});

test('a browser that stores nothing still opens the console', () => {
  const refuse = () => {
    throw new Error('forbidden');
  };
  globalThis.sessionStorage = { getItem: refuse, setItem: refuse, removeItem: refuse };
  const rejoin = opened('t');
  rejoin.keep(KEY);
  assert.equal(String(rejoin.query), 'rejoin=k');
  rejoin.forget();
  assert.equal(rejoin.isPossible, false);
  assert.equal(reloaded().isPossible, false);
});
