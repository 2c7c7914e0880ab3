// SPDX-License-Identifier: Apache-2.0
// The keys of a PC keyboard with US layout.  A key has a keysym (X11), which VNC uses,
// and a scancode (set 1; from 0xe000 on, it is extended), which SPICE uses.  Named keys
// also have the name of KeyboardEvent.code.

/**
 * @typedef {object} Key
 * @property {number} keysym
 * @property {number} [scancode] - missing if a US keyboard does not have it
 * @property {string} [code]
 * @property {boolean} [shifted] - whether Shift is needed
 */

/**
 * @param {string} code
 * @param {number} scancode
 * @param {number} keysym
 * @returns {[string, Key]}
 */
function named(code, scancode, keysym) {
  return [code, { code, scancode, keysym }];
}

const functionKeys = Array.from({ length: 12 }, (_, index) => {
  const number = index + 1;
  const scancode = number > 10 ? 0x57 + (number - 11) : 0x3b + index;
  return named(`F${number}`, scancode, 0xffbe + index);
});

const NAMED = new Map([
  named('Escape', 0x01, 0xff1b),
  named('Tab', 0x0f, 0xff09),
  named('Enter', 0x1c, 0xff0d),
  named('ControlLeft', 0x1d, 0xffe3),
  named('ShiftLeft', 0x2a, 0xffe1),
  named('AltLeft', 0x38, 0xffe9),
  named('MetaLeft', 0xe05b, 0xffeb),
  named('Delete', 0xe053, 0xffff),
  named('ArrowUp', 0xe048, 0xff52),
  named('ArrowLeft', 0xe04b, 0xff51),
  named('ArrowRight', 0xe04d, 0xff53),
  named('ArrowDown', 0xe050, 0xff54),
  ...functionKeys,
]);

export const FUNCTION_KEYS = functionKeys.map(([code]) => code);

/**
 * The first scancode of adjacent keys, and what they type without and with Shift.
 *
 * @type {[number, string, string][]}
 */
const ROWS = [
  [0x02, '1234567890-=', '!@#$%^&*()_+'],
  [0x10, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
  [0x39, ' ', ''],
];

/** @type {Map<string, Key>} */
const LETTERS = new Map(
  ROWS.flatMap(([first, ...levels]) =>
    levels.flatMap((letters, level) =>
      [...letters].map((letter, index) => [
        letter,
        { keysym: letter.charCodeAt(0), scancode: first + index, shifted: level === 1 },
      ]),
    ),
  ),
);

const BEYOND_LATIN_1 = 0x01000000;

/**
 * @param {string} code
 * @returns {Key}
 */
export function key(code) {
  const found = NAMED.get(code);
  if (!found) {
    throw new RangeError(`there is no key ${code}`);
  }
  return found;
}

/**
 * The key that types a letter.
 *
 * @param {string} letter
 * @returns {Key}
 */
export function keyOf(letter) {
  if (letter === '\n') {
    return key('Enter');
  }
  if (letter === '\t') {
    return key('Tab');
  }
  const point = letter.codePointAt(0) ?? 0;
  return (
    LETTERS.get(letter) ?? { keysym: point < 0x100 ? point : BEYOND_LATIN_1 | point }
  );
}
