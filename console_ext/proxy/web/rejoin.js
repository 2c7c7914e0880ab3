// SPDX-License-Identifier: Apache-2.0
// How this page opens its session: with the token of its address, and later with a
// rejoin key from the proxy.  Both outlive a reload, in the session storage of the tab.

import { ENDED, LOST, OVER, REFUSED } from './endings.js';
import { forget, recall, remember } from './storage.js';

const PREFIX = 'console-ext.rejoin.';
const STORAGE = 'sessionStorage';

/**
 * A key that opens the session again, for so many seconds after the connection is lost.
 *
 * @typedef {{ rejoin: string, within: number }} RejoinKey
 */

export class Rejoin {
  /**
   * @param {string | null} token
   * @param {object} options
   * @param {boolean} options.reusable - whether the token opens the console again,
   *   during the same session
   */
  constructor(token, { reusable }) {
    this.reusable = reusable;
    this.name = PREFIX + entryOfHistory();
    /** @type {{ token: string } | RejoinKey | null} */
    this.secret = null;
    if (token) {
      this.keep({ token });
    } else {
      this.secret = recall(this.name, STORAGE);
    }
  }

  get isPossible() {
    return this.secret !== null;
  }

  /** @returns {RejoinKey | null} null if there is none, or only the token */
  get key() {
    return this.secret && 'rejoin' in this.secret ? this.secret : null;
  }

  // The query of the WebSocket.
  get query() {
    const { key, secret } = this;
    const token = secret && 'token' in secret ? secret.token : '';
    return new URLSearchParams(key ? { rejoin: key.rejoin } : { token });
  }

  /** @param {{ token: string } | RejoinKey} secret - takes the place of the previous */
  keep(secret) {
    this.secret = secret;
    remember(this.name, secret, STORAGE);
  }

  forget() {
    this.secret = null;
    forget(this.name, STORAGE);
  }

  // The console is open.
  used() {
    if (!this.key && !this.reusable) {
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

// A name for the current entry of the tab's history, so that "back" leads to the
// console that was there, and not to one that was opened in the same tab since.
function entryOfHistory() {
  const { entry = newName() } = history.state ?? {};
  history.replaceState({ entry }, '');
  return entry;
}

function newName() {
  return crypto.getRandomValues(new Uint32Array(2)).join('-');
}
