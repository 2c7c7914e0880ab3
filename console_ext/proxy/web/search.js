// SPDX-License-Identifier: Apache-2.0
// Searching in the text of a terminal, in a row below the toolbar.

import { button, element } from './element.js';

/**
 * Add the row and its button.
 *
 * @param {import('./shell.js').Shell} shell
 * @param {import('./terminal.js').OpenTerminal} terminal
 * @returns a function that shows or hides the row
 */
export function addSearch(shell, terminal) {
  const input = element('input', {
    id: 'search-text',
    type: 'search',
    ariaLabel: 'Search',
  });
  const found = element('output', { id: 'found' });
  const previous = button('Previous', () => terminal.find(input.value, { back: true }));
  const next = button('Next', () => terminal.find(input.value));
  const row = shell.row('searching', 'Search', input, previous, next, found);

  /** @param {boolean} on */
  function search(on) {
    shell.setPressed('search', on);
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
  terminal.onFound(({ resultIndex, resultCount }) => {
    found.textContent = resultCount
      ? `${resultIndex + 1} of ${resultCount}`
      : input.value && 'Not found';
  });
  shell.button('search', 'Search', () => search(Boolean(row.hidden)), {
    hint: 'Search (or press Ctrl+Shift+F)',
  });
  shell.setPressed('search', false);
  return search;
}
