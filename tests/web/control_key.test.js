// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ControlKey } from '../../console_ext/proxy/web/control_key.js';

function pressed() {
  const shown = [];
  const control = new ControlKey((on) => shown.push(on));
  control.set(true);
  return { control, shown };
}

function typed(control, text) {
  return [...control.apply(new TextEncoder().encode(text))];
}

for (const [key, code] of [
  ['a', 0x01],
  ['C', 0x03],
  ['z', 0x1a],
  ['@', 0x00],
  [' ', 0x00],
  ['[', 0x1b],
  ['\\', 0x1c],
  [']', 0x1d],
  ['^', 0x1e],
  ['_', 0x1f],
  ['/', 0x1f],
  ['?', 0x7f],
]) {
  test(`Ctrl+${key}`, () => {
    assert.deepEqual(typed(pressed().control, key), [code]);
  });
}

for (const key of ['-', '1', '.', '\r', '\t', '\x1b', '\x7f']) {
  test(`${JSON.stringify(key)} stays what it is`, () => {
    assert.deepEqual(typed(pressed().control, key), [key.charCodeAt(0)]);
  });
}

test('it applies to one key', () => {
  const { control, shown } = pressed();
  assert.deepEqual(typed(control, 'd'), [0x04]);
  assert.deepEqual(typed(control, 'd'), [0x64]);
  assert.deepEqual(shown, [true, false]);
});

test('it waits for a single key', () => {
  const { control } = pressed();
  assert.deepEqual(typed(control, '\x1b[A'), [0x1b, 0x5b, 0x41]);
  assert.deepEqual(typed(control, 'é'), [0xc3, 0xa9]);
  assert.deepEqual(typed(control, 'd'), [0x04]);
});

test('it can be released', () => {
  const { control, shown } = pressed();
  control.set(false);
  assert.deepEqual(typed(control, 'd'), [0x64]);
  assert.deepEqual(shown, [true, false]);
});
