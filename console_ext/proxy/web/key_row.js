// SPDX-License-Identifier: Apache-2.0
// A row of keys below the toolbar, for those that a phone does not have or that a
// browser keeps for itself.

import { element } from './element.js';

/**
 * Add the row, and the button that shows it.
 *
 * @param {import('./shell.js').Shell} shell
 * @param {HTMLElement[]} groups
 */
export function addKeyRow(shell, ...groups) {
  const row = shell.row('keys', 'Keys', ...groups);
  // A click does not move the keyboard focus; on a phone, the keyboard stays.
  row.addEventListener('pointerdown', (event) => {
    if (event.target instanceof Element && event.target.closest('button')) {
      event.preventDefault();
    }
  });
  shell.toggle(
    'show-keys',
    'Keys',
    (on) => {
      row.hidden = !on;
    },
    {
      hint: 'Show keys that a phone does not have',
      initially: matchMedia('(pointer: coarse)').matches,
    },
  );
}

/**
 * @param {string} label
 * @param {HTMLElement[]} keys
 */
export function group(label, ...keys) {
  const properties = { role: 'group', className: 'group', ariaLabel: label };
  return element('div', properties, ...keys);
}
