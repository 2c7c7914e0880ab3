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
import { WayBack } from '../../console_ext/proxy/web/way_back.js';
import { openTab } from './tab.js';

const KEY = { rejoin: 'k', within: 60 };

beforeEach(openTab);

function wayBack(token, reusable = false) {
  return new WayBack(token, { reusable });
}

// The page after a reload: its address has no token any more.
function reloaded(reusable = false) {
  return wayBack(null, reusable);
}

test('an address without a token leads nowhere', () => {
  assert.equal(wayBack(null).isThere, false);
});

test('a token leads to the console once', () => {
  const way = wayBack('t');
  assert.equal(String(way.query), 'token=t');
  way.used();
  assert.equal(way.isThere, false);
  assert.equal(reloaded().isThere, false);
});

test('a token that was not used survives a reload', () => {
  wayBack('t');
  assert.equal(String(reloaded().query), 'token=t');
});

test('a reusable token leads to it again', () => {
  wayBack('t', true).used();
  const way = reloaded(true);
  assert.equal(String(way.query), 'token=t');
  assert.equal(way.isKey, false);
  assert.equal(way.within, null);
});

test('a key takes the place of the token', () => {
  const way = wayBack('t');
  way.set(KEY);
  way.used();
  assert.equal(String(way.query), 'rejoin=k');
  assert.equal(way.isKey, true);
  assert.equal(way.within, 60);
  assert.equal(String(reloaded().query), 'rejoin=k');
});

test('a newer key takes the place of an older one', () => {
  const way = wayBack('t');
  way.set(KEY);
  way.set({ rejoin: 'newer', within: 60 });
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
    const way = wayBack('t');
    way.set(KEY);
    way.ended(kind);
    assert.equal(way.isThere, stays);
    assert.equal(reloaded().isThere, stays);
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
    const way = wayBack('t', true);
    way.ended(kind);
    assert.equal(way.isThere, stays);
  });
}

for (const kind of [LOST, ENDED]) {
  test(`a console that is ${kind} has spent a token that opens it once`, () => {
    const way = wayBack('t');
    way.ended(kind);
    assert.equal(way.isThere, false);
  });
}

test('each entry of the history has its own', () => {
  wayBack('first');
  const first = history.state;
  history.state = null;
  wayBack('second');
  assert.equal(String(reloaded().query), 'token=second');
  history.state = first;
  assert.equal(String(reloaded().query), 'token=first');
});

test('a browser that stores nothing still opens the console', () => {
  const refuse = () => {
    throw new Error('forbidden');
  };
  globalThis.sessionStorage = { getItem: refuse, setItem: refuse, removeItem: refuse };
  const way = wayBack('t');
  way.set(KEY);
  assert.equal(String(way.query), 'rejoin=k');
  way.forget();
  assert.equal(way.isThere, false);
  assert.equal(reloaded().isThere, false);
});
