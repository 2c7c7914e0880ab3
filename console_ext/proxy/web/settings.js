// SPDX-License-Identifier: Apache-2.0
// What a user has chosen on a page, kept in the browser for the next console.

/**
 * Store a setting, unless the browser forbids it.
 *
 * @param {string} name
 * @param {unknown} value - for JSON
 */
export function remember(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // The setting then lasts until the page is closed.
  }
}

/**
 * @param {string} name
 * @returns {any} null if nothing is stored
 */
export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(name) ?? 'null');
  } catch {
    return null;
  }
}
