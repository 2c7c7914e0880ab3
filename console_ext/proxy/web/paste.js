// SPDX-License-Identifier: Apache-2.0
// Pasting text into a console.

import { element } from './element.js';

const NOT_OPEN = 'The console is not open. Nothing was pasted.';

/**
 * Removes control characters from a pasted text: they could act like keys, or end a
 * bracketed paste, so that the rest of the text runs as commands.
 *
 * @param {string} text
 */
export function pasteable(text) {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '');
}

/**
 * Add a button that asks for a text and pastes it.
 *
 * @param {import('./shell.js').Shell} shell
 * @param {(text: string) => void} paste
 * @param {object} options
 * @param {string} options.heading - of the dialog
 * @param {string} options.hint
 * @param {(text: string) => string} [options.refuse] - returns why a text cannot be
 *   pasted, in a sentence; empty if it can
 * @returns a function that asks too, with a text and a sentence about it
 */
export function addPaste(shell, paste, { heading, hint, refuse = () => '' }) {
  const ask = (value = '', says = '') => {
    const text = element('textarea', {
      id: 'paste-text',
      value,
      rows: 8,
      cols: 60,
      spellcheck: false,
      ariaLabel: 'Text to paste',
    });
    const pasted = () => pasteable(text.value);
    shell.dialog(heading, text, 'Paste', () => paste(pasted()), {
      says,
      refuse: () => (shell.isOpen ? refuse(pasted()) : NOT_OPEN),
    });
    text.focus();
  };
  shell.button('paste', 'Paste…', () => ask(), { when: 'open', hint });
  return ask;
}
