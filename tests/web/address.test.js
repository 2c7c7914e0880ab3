// SPDX-License-Identifier: Apache-2.0
// What the first script of a page does to the address bar and the history.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createContext, runInContext } from 'node:vm';

const SCRIPT = readFileSync(
  new URL('../../console_ext/proxy/web/address.js', import.meta.url),
  'utf8',
);

// Runs the script in a page with an address. Returns the new address, and what the
// page's module is given.
function opened(address, state = null) {
  const { pathname, search } = new URL(address, 'http://host');
  const changes = [];
  const page = createContext({
    URLSearchParams,
    location: { pathname, search },
    history: { state, replaceState: (...change) => changes.push(change) },
  });
  runInContext(SCRIPT, page);
  const [[kept, , shown], ...others] = changes;
  assert.deepEqual(others, []);
  assert.equal(kept, state);
  const { token, query } = page.takeAddress();
  assert.equal(page.takeAddress, undefined);
  return { shown, token, query: Object.fromEntries(query) };
}

test('the token leaves the address, and all else stays', () => {
  const { shown, token, query } = opened('/serial?token=t&title=web-1(a%2Fb)&x=%C3%A9');
  assert.equal(token, 't');
  assert.deepEqual(query, { title: 'web-1(a/b)', x: 'é' });
  const left = new URL(shown, 'http://host');
  assert.equal(left.pathname, '/serial');
  assert.deepEqual(Object.fromEntries(left.searchParams), query);
});

test('an address with a token alone has no query afterwards', () => {
  assert.equal(opened('/?token=t').shown, '/');
});

test('each token leaves it', () => {
  assert.equal(opened('/?token=one&token=two').shown, '/');
});

test('a fragment leaves it as well', () => {
  assert.equal(opened('/a?title=x#token=t').shown, '/a?title=x');
});

test('an address without a token stays', () => {
  const { shown, token } = opened('/a?title=x');
  assert.equal(shown, '/a?title=x');
  assert.equal(token, null);
});

test('a token in the path of a VNC console leaves it, and the path stays', () => {
  const { shown, token, query } = opened('/vnc_lite.html?path=a%2Fb%3Ftoken%3Dt&x=1');
  assert.equal(token, 't');
  assert.deepEqual(query, { path: 'a/b', x: '1' });
  assert.equal(shown, '/vnc_lite.html?path=a%2Fb&x=1');
});

test('a path that is only a token leaves nothing', () => {
  const { shown, token, query } = opened('/vnc_lite.html?path=%3Ftoken%3Dt');
  assert.equal(token, 't');
  assert.deepEqual(query, {});
  assert.equal(shown, '/vnc_lite.html');
});

test('the token in the path is used, and neither of two is shown', () => {
  const { shown, token } = opened('/?path=p%3Ftoken%3Dinner&token=outer');
  assert.equal(token, 'inner');
  assert.equal(shown, '/?path=p');
});

test('the state of the entry of the history stays', () => {
  opened('/?token=t', { entry: 'one' });
});
