// SPDX-License-Identifier: Apache-2.0
// How this page can open its console: with the token of its address, later with a key
// from the proxy.  It outlives a reload of the page, in the session storage of the tab.

import { ENDED, LOST, OVER, REFUSED } from './endings.js';

const PREFIX = 'console-ext.way-back.';

/**
 * With a token, or with a key: a key leads back within so many seconds after a loss.
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
      this.way = recalled(this.name);
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

  // For how many seconds after a loss it leads back; null if that has no limit.
  get within() {
    return this.way?.within ?? null;
  }

  /** @param {Way} way */
  set(way) {
    this.way = way;
    try {
      sessionStorage.setItem(this.name, JSON.stringify(way));
    } catch {
      // The browser forbids it: the way ends with the page.
    }
  }

  forget() {
    this.way = null;
    try {
      sessionStorage.removeItem(this.name);
    } catch {
      // It is not there.
    }
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

/**
 * @param {string} name
 * @returns {Way | null}
 */
function recalled(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? 'null');
  } catch {
    return null;
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
