// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import {
  ENDED,
  LOST,
  NOT_NOW,
  OVER,
  REFUSED,
  ending,
  unopened,
} from '../../console_ext/proxy/web/endings.js';

function proxyAnswers(how) {
  globalThis.fetch = mock.fn(how);
}

beforeEach(() => {
  proxyAnswers(() => assert.fail('the proxy is asked'));
});

for (const status of [409, 429, 502, 503]) {
  test(`after ${status}, the token can be used again`, () => {
    const code = 4000 + status;
    const found = ending({ code, reason: 'Not yet.' });
    assert.deepEqual(found, { code, kind: NOT_NOW, words: 'Not yet.' });
  });
}

for (const status of [400, 401, 403, 404, 410, 500]) {
  test(`after ${status}, it cannot`, () => {
    const code = 4000 + status;
    const found = ending({ code, reason: 'No.' });
    assert.deepEqual(found, { code, kind: REFUSED, words: 'No.' });
  });
}

for (const [code, kind, words] of [
  [1000, ENDED, 'The connection ended with code 1000.'],
  [1001, LOST, 'The connection ended with code 1001.'],
  [1002, OVER, 'The connection violated the WebSocket protocol.'],
  [1005, OVER, 'The console sent data that this page does not understand.'],
  [1006, LOST, 'The connection to the console was lost.'],
  [1008, OVER, 'The connection ended with code 1008.'],
  [1009, OVER, 'A message was too long for the console proxy.'],
  [1011, ENDED, 'The connection ended with code 1011.'],
  [1013, ENDED, 'The connection ended with code 1013.'],
]) {
  test(`${code} has words if it has no reason, and is ${kind}`, () => {
    assert.deepEqual(ending({ code, reason: '' }), { code, kind, words });
    const reason = 'The proxy said why.';
    assert.deepEqual(ending({ code, reason }), { code, kind, words: reason });
  });
}

test('if the proxy answers, something before it refuses WebSockets', async () => {
  proxyAnswers(() => Promise.resolve({ ok: true }));
  const { kind, words } = await unopened();
  assert.equal(kind, NOT_NOW);
  assert.match(words, /refuses WebSockets/);
  const [[url, options]] = fetch.mock.calls.map((call) => call.arguments);
  assert.match(url.pathname, /\/healthcheck$/);
  assert.equal(options.cache, 'no-store');
});

for (const [name, how] of [
  ['answers with an error', () => Promise.resolve({ ok: false })],
  ['does not answer', () => Promise.reject(new TypeError('no network'))],
]) {
  test(`if the proxy ${name}, it cannot be reached`, async () => {
    proxyAnswers(how);
    const { kind, words } = await unopened();
    assert.equal(kind, NOT_NOW);
    assert.match(words, /cannot be reached/);
  });
}
