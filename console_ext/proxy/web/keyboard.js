// SPDX-License-Identifier: Apache-2.0
// The keyboard of a console with a screen, in the toolbar: a text to type, and keys
// that a browser or a phone does not send.

import { button, element } from './element.js';
import { addKeyRow, group } from './key_row.js';
import { FUNCTION_KEYS, key, keyOf } from './keys.js';
import { addPaste } from './paste.js';

// Pause between typed keys: the keyboard buffer of a guest has only about 16 entries.
const KEY_MS = 20;
const MAX_PASTE = 4096;
const MAX_SHOWN = 10;
const CUT = 'The console was lost before this part of the text was typed.';

/** @type {[string, string][]} */
const MODIFIERS = [
  ['Ctrl', 'ControlLeft'],
  ['Alt', 'AltLeft'],
  ['Shift', 'ShiftLeft'],
  ['Super', 'MetaLeft'],
];
/** @type {[string, string][]} */
const KEYS = [
  ['Esc', 'Escape'],
  ['Tab', 'Tab'],
  ['Del', 'Delete'],
  ['↑', 'ArrowUp'],
  ['↓', 'ArrowDown'],
  ['←', 'ArrowLeft'],
  ['→', 'ArrowRight'],
  ...FUNCTION_KEYS.map((code) => /** @type {[string, string]} */ ([code, code])),
];
const CONTROL_ALT = ['ControlLeft', 'AltLeft'];

export class Keyboard {
  /**
   * @param {import('./shell.js').Shell} shell
   * @param {(key: import('./keys.js').Key, down: boolean) => void} press - presses or
   *   releases a key
   * @param {boolean} onlyUS - whether the console has only the keys of a US keyboard;
   *   otherwise, its host decides
   */
  constructor(shell, press, onlyUS) {
    this.shell = shell;
    this.press = press;
    this.onlyUS = onlyUS;
    this.refused = '';
    /**
     * The buttons of modifiers that are held, by key.
     *
     * @type {Map<string, HTMLButtonElement>}
     */
    this.held = new Map();
    /** @type {string[]} */
    this.untyped = [];
    this.ask = addPaste(shell, (text) => this.type(text), {
      heading: 'Type into the console, with the keys of a US keyboard',
      hint: 'Type a text into the console',
      refuse: (text) => this.refuse(text),
    });
    addKeyRow(
      shell,
      group(
        'Modifiers',
        ...MODIFIERS.map(([label, code]) => this.modifier(label, code)),
      ),
      group(
        'Keys',
        ...KEYS.map(([label, code]) => button(label, () => this.strike(code))),
      ),
      group(
        'Ctrl+Alt with a function key',
        element('span', { textContent: 'Ctrl+Alt+' }),
        ...FUNCTION_KEYS.map((code) =>
          button(code, () => this.strike(...CONTROL_ALT, code), {
            ariaLabel: `Ctrl+Alt+${code}`,
          }),
        ),
      ),
    );
    shell.button(
      'ctrl-alt-del',
      'Ctrl+Alt+Del',
      () => this.strike(...CONTROL_ALT, 'Delete'),
      { when: 'open' },
    );
    // Held modifiers apply to one key, also of a real keyboard.  Capture, because noVNC
    // stops the event; but release them after the key.
    /** @param {KeyboardEvent} event */
    const released = ({ key: name }) => {
      if (!['Control', 'Alt', 'Shift', 'Meta'].includes(name)) {
        setTimeout(() => this.release());
      }
    };
    shell.stage.addEventListener('keyup', released, { capture: true });
    // If a key moves the focus, the newly focused element gets the event of its
    // release.
    shell.stage.addEventListener('focusout', ({ relatedTarget }) => {
      for (const [, code] of relatedTarget ? MODIFIERS : []) {
        if (!this.held.has(code)) {
          this.send(code, false);
        }
      }
    });
  }

  /**
   * A button for a touch screen, where no key can be held.
   *
   * @param {string} label
   * @param {string} code
   */
  modifier(label, code) {
    const act = () => {
      if (!this.shell.isOpen) {
        return;
      }
      const on = !this.held.has(code);
      if (on) {
        this.held.set(code, made);
      } else {
        this.held.delete(code);
      }
      made.ariaPressed = String(on);
      this.send(code, on);
    };
    const made = button(label, act, { ariaPressed: 'false' });
    return made;
  }

  release() {
    for (const code of this.held.keys()) {
      this.send(code, false);
    }
    this.forget();
  }

  // Forget them without telling the console, which has ended.
  forget() {
    for (const one of this.held.values()) {
      one.ariaPressed = 'false';
    }
    this.held.clear();
  }

  /**
   * @param {string} code
   * @param {boolean} down
   */
  send(code, down) {
    if (this.shell.isOpen) {
      this.press(key(code), down);
    }
  }

  /**
   * Press keys together.
   *
   * @param {string[]} codes
   */
  strike(...codes) {
    for (const code of codes) {
      this.send(code, true);
    }
    for (const code of codes.reverse()) {
      this.send(code, false);
    }
    this.release();
  }

  /**
   * Why a text is not typed; empty if it is.  Nobody sees that a part of a typed
   * password is missing.  So if the host may leave out a part, the user has to insist.
   *
   * @param {string} text
   */
  refuse(text) {
    const letters = [...text];
    if (letters.length > MAX_PASTE) {
      return (
        `The text has ${letters.length} characters; at most ${MAX_PASTE} can be ` +
        'typed at once. Nothing was typed.'
      );
    }
    const missing = letters.filter((letter) => !keyOf(letter).scancode);
    const insists = !this.onlyUS && text === this.refused;
    this.refused = '';
    if (missing.length === 0 || insists) {
      return '';
    }
    const count =
      missing.length === 1 ? '1 character is' : `${missing.length} characters are`;
    const shown = [...new Set(missing)].slice(0, MAX_SHOWN).join(' ');
    const words = `${count} not on a US keyboard (${shown}). Nothing was typed`;
    if (this.onlyUS) {
      return `${words}.`;
    }
    this.refused = text;
    return `${words}: the host may leave out such characters. To try, paste again.`;
  }

  /**
   * Type a text, after those that are still being typed.
   *
   * @param {string} text
   */
  type(text) {
    const isTyping = this.untyped.length > 0;
    this.untyped.push(...text);
    if (!isTyping) {
      this.typeOn();
    }
  }

  async typeOn() {
    while (this.untyped[0] !== undefined && this.shell.isOpen) {
      // Held modifiers are meant for a key, and not for a text.
      this.release();
      const typed = keyOf(this.untyped[0]);
      if (typed.shifted) {
        this.send('ShiftLeft', true);
      }
      this.press(typed, true);
      this.press(typed, false);
      if (typed.shifted) {
        this.send('ShiftLeft', false);
      }
      await new Promise((wake) => setTimeout(wake, KEY_MS));
      this.untyped.shift();
    }
    const rest = this.untyped.join('');
    this.untyped = [];
    if (rest) {
      this.ask(rest, CUT);
    }
  }
}
