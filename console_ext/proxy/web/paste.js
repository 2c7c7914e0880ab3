// SPDX-License-Identifier: Apache-2.0
// Pasting text into a console.

import { element } from './element.js';

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
 * @param {number} [options.maxLength] - of the text; without it, there is no limit
 */
export function addPaste(shell, paste, { heading, hint, maxLength }) {
  const ask = () => {
    const text = element('textarea', { id: 'paste-text', rows: 8, cols: 60 });
    if (maxLength) {
      text.maxLength = maxLength;
    }
    text.spellcheck = false;
    text.setAttribute('aria-label', 'Text to paste');
    shell.dialog(heading, text, 'Paste', () => paste(pasteable(text.value)));
    text.focus();
  };
  shell.button('paste', 'Paste…', ask, { when: 'open', hint });
}
