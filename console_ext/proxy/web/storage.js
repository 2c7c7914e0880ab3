// SPDX-License-Identifier: Apache-2.0
// JSON values that the browser keeps: of all pages, or of a tab during its session.

/** @typedef {'localStorage' | 'sessionStorage'} Kind */

/**
 * Store a value, unless the browser forbids it.
 *
 * @param {string} name
 * @param {unknown} value - for JSON
 * @param {Kind} kind
 */
export function remember(name, value, kind = 'localStorage') {
  try {
    globalThis[kind].setItem(name, JSON.stringify(value));
  } catch {
    // The value then lasts until the page is closed.
  }
}

/**
 * @param {string} name
 * @param {Kind} kind
 * @returns {any} null if nothing is stored
 */
export function recall(name, kind = 'localStorage') {
  try {
    return JSON.parse(globalThis[kind].getItem(name) ?? 'null');
  } catch {
    return null;
  }
}

/**
 * @param {string} name
 * @param {Kind} kind
 */
export function forget(name, kind = 'localStorage') {
  try {
    globalThis[kind].removeItem(name);
  } catch {
    // Nothing is stored.
  }
}
