// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FUNCTION_KEYS, key, keyOf } from '../../console_ext/proxy/web/keys.js';

const SHIFTED = '~!@#$%^&*()_+{}|:"<>?ABCDEFGHIJKLMNOPQRSTUVWXYZ';

test('a US keyboard types each printable letter of ASCII', () => {
  for (let code = 0x20; code < 0x7f; code += 1) {
    const letter = String.fromCharCode(code);
    const { keysym, scancode, shifted } = keyOf(letter);
    assert.equal(keysym, code, letter);
    assert.ok(scancode >= 0x02 && scancode <= 0x39, letter);
    assert.equal(shifted, SHIFTED.includes(letter), letter);
  }
});

test('no two letters have the same key and level', () => {
  const letters = Array.from({ length: 95 }, (_, at) => String.fromCharCode(0x20 + at));
  const keys = letters.map((letter) => {
    const { scancode, shifted } = keyOf(letter);
    return `${scancode} ${shifted}`;
  });
  assert.equal(new Set(keys).size, letters.length);
});

test('both letters of a key have its scancode', () => {
  for (const [plain, shifted] of ['aA', '1!', '`~', '\\|', `'"`, '/?', '=+', ']}']) {
    assert.equal(keyOf(plain).scancode, keyOf(shifted).scancode);
  }
});

// Of the table of scancodes, set 1.
for (const [letter, scancode] of [
  ['1', 0x02],
  ['=', 0x0d],
  ['q', 0x10],
  [']', 0x1b],
  ['a', 0x1e],
  ["'", 0x28],
  ['`', 0x29],
  ['\\', 0x2b],
  ['z', 0x2c],
  ['/', 0x35],
  [' ', 0x39],
]) {
  test(`${JSON.stringify(letter)} is the key ${scancode}`, () => {
    assert.equal(keyOf(letter).scancode, scancode);
  });
}

test('ends of lines and tabs are keys', () => {
  assert.equal(keyOf('\n').code, 'Enter');
  assert.equal(keyOf('\t').code, 'Tab');
});

test('other letters have a keysym alone', () => {
  assert.deepEqual(keyOf('é'), { keysym: 0xe9 });
  assert.deepEqual(keyOf('☃'), { keysym: 0x01002603 });
  assert.deepEqual(keyOf('𝄞'), { keysym: 0x0101d11e });
});

test('there are twelve function keys', () => {
  assert.deepEqual(
    FUNCTION_KEYS.map((code) => [code, key(code).scancode, key(code).keysym]),
    [
      ['F1', 0x3b, 0xffbe],
      ['F2', 0x3c, 0xffbf],
      ['F3', 0x3d, 0xffc0],
      ['F4', 0x3e, 0xffc1],
      ['F5', 0x3f, 0xffc2],
      ['F6', 0x40, 0xffc3],
      ['F7', 0x41, 0xffc4],
      ['F8', 0x42, 0xffc5],
      ['F9', 0x43, 0xffc6],
      ['F10', 0x44, 0xffc7],
      ['F11', 0x57, 0xffc8],
      ['F12', 0x58, 0xffc9],
    ],
  );
});
