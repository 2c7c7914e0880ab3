// SPDX-License-Identifier: Apache-2.0
// Searching in the text of a terminal, in a row below the toolbar.

import { element } from './element.js';

/**
 * Add the row and its button.
 *
 * @param {import('./shell.js').Shell} shell
 * @param {import('./terminal.js').OpenTerminal} terminal
 * @returns a function that shows or hides the row
 */
export function addSearch(shell, terminal) {
  const input = element('input', { id: 'search-text', type: 'search' });
  input.setAttribute('aria-label', 'Search');
  const found = element('output', { id: 'found' });
  const previous = element('button', { type: 'button', textContent: 'Previous' });
  const next = element('button', { type: 'button', textContent: 'Next' });
  const row = shell.row('searching', 'Search', input, previous, next, found);

  /** @param {boolean} on */
  function search(on) {
    shell.press('search', on);
    row.hidden = !on;
    if (on) {
      input.select();
      input.focus();
    } else {
      terminal.findNothing();
      terminal.focus();
    }
  }

  input.addEventListener('input', () =>
    terminal.find(input.value, { incremental: true }),
  );
  input.addEventListener('keydown', ({ key, shiftKey }) => {
    if (key === 'Enter') {
      terminal.find(input.value, { back: !shiftKey });
    } else if (key === 'Escape') {
      search(false);
    }
  });
  previous.addEventListener('click', () => terminal.find(input.value, { back: true }));
  next.addEventListener('click', () => terminal.find(input.value));
  terminal.onFound(({ resultIndex, resultCount }) => {
    found.textContent = resultCount
      ? `${resultIndex + 1} of ${resultCount}`
      : input.value && 'Not found';
  });
  shell.button('search', 'Search', () => search(Boolean(row.hidden)), {
    hint: 'Search (or press Ctrl+Shift+F)',
  });
  shell.press('search', false);
  return search;
}
