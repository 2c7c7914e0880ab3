// SPDX-License-Identifier: Apache-2.0
// The Ctrl key of a touch screen, where no key can be held: it is pressed before
// another.

const DELETE = 0x7f;
const UNIT_SEPARATOR = 0x1f;

// Keys with a code that is not their own without some bits, as in xterm.
const OTHERS = new Map([
  [' ', 0],
  ['/', UNIT_SEPARATOR],
  ['?', DELETE],
]);

export class ControlKey {
  /** @param {(on: boolean) => void} show - shows whether it is pressed */
  constructor(show) {
    this.show = show;
    this.isOn = false;
  }

  /** @param {boolean} on */
  set(on) {
    this.isOn = on;
    this.show(on);
  }

  /**
   * Add Ctrl to what is typed, if it was pressed; only to a single key.
   *
   * @param {Uint8Array<ArrayBuffer>} bytes
   */
  apply(bytes) {
    if (!this.isOn || bytes.length !== 1) {
      return bytes;
    }
    this.set(false);
    return bytes.map(withControl);
  }
}

/** @param {number} code */
function withControl(code) {
  const isLetter = code >= 0x40 && code < DELETE;
  return OTHERS.get(String.fromCharCode(code)) ?? (isLetter ? code & 0x1f : code);
}
