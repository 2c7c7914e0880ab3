// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { pasteable } from '../../console_ext/proxy/web/paste.js';

test('a text stays as it is', () => {
  const text = 'aZ09 ~\t\r\n é ☃ 𝄞 漢字 \u00a0\u{1f600}';
  assert.equal(pasteable(text), text);
});

test('of all control characters, only tab and ends of lines stay', () => {
  const codes = Array.from({ length: 0xa0 }, (_, code) => code);
  const controls = codes.filter((code) => code < 0x20 || code >= 0x7f);
  const staying = controls.filter((code) => pasteable(String.fromCharCode(code)));
  assert.deepEqual(staying, [0x09, 0x0a, 0x0d]);
});

for (const end of ['\x1b[201~', '\x9b201~', '\x1b\x1b[201~', '\x1b\x00[201~']) {
  test(`no bracketed paste is ended by ${JSON.stringify(end)}`, () => {
    assert.match(pasteable(`one${end}two`), /^one\[?201~two$/);
  });
}
