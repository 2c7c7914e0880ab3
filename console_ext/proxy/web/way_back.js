// SPDX-License-Identifier: Apache-2.0
// How this page can open its console: with the token of its address, later with a key
// from the proxy.  It outlives a reload of the page, in the session storage of the tab.

import { ENDED, LOST, OVER, REFUSED } from './endings.js';
import { forget, recall, remember } from './storage.js';

const PREFIX = 'console-ext.way-back.';
const STORAGE = 'sessionStorage';

/**
 * A token, or a key that works for so many seconds after a loss of the connection.
 *
 * @typedef {{ token?: string, rejoin?: string, within?: number }} Way
 */

export class WayBack {
  /**
   * @param {string | null} token
   * @param {object} options
   * @param {boolean} options.reusable - whether the token opens the console again,
   *   during the same session
   */
  constructor(token, { reusable }) {
    this.reusable = reusable;
    this.name = PREFIX + entryOfHistory();
    /** @type {Way | null} */
    this.way = null;
    if (token) {
      this.set({ token });
    } else {
      this.way = recall(this.name, STORAGE);
    }
  }

  get isThere() {
    return this.way !== null;
  }

  get isKey() {
    return Boolean(this.way?.rejoin);
  }

  // The query of the WebSocket.
  get query() {
    const { token = '', rejoin } = this.way ?? {};
    return new URLSearchParams(rejoin ? { rejoin } : { token });
  }

  // For how many seconds after a loss it works; null if there is no limit.
  get within() {
    return this.way?.within ?? null;
  }

  /** @param {Way} way */
  set(way) {
    this.way = way;
    remember(this.name, way, STORAGE);
  }

  forget() {
    this.way = null;
    forget(this.name, STORAGE);
  }

  // The console is open.
  used() {
    if (!this.isKey && !this.reusable) {
      this.forget();
    }
  }

  /**
   * The console was refused, or has ended.
   *
   * @param {import('./endings.js').Ending['kind']} kind
   */
  ended(kind) {
    if (kind === LOST || kind === ENDED) {
      this.used();
    } else if (kind === REFUSED || (kind === OVER && !this.reusable)) {
      this.forget();
    }
  }
}

// A name for the current entry of the tab's history, so that "back" leads to the console
// that was there, and not to one that was opened in the same tab since.
function entryOfHistory() {
  const { entry = newName() } = history.state ?? {};
  history.replaceState({ entry }, '');
  return entry;
}

function newName() {
  return crypto.getRandomValues(new Uint32Array(2)).join('-');
}
