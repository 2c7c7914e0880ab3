// SPDX-License-Identifier: Apache-2.0
// Keeps the console of a page open, and shows its state.  After a lost connection it
// opens the console again by itself, as long as the proxy allows it.

import { ENDED, LOST, NOT_NOW, REFUSED } from './endings.js';
import { Rejoin } from './rejoin.js';

const OPEN_MS = 20000;

// A console that was open for so long gets all its tries again after the next loss.
const STABLE_MS = 10000;

// Pauses before it tries again after a loss.
const PAUSES_MS = [500, 1000, 2000, 4000, 8000];

const REQUEST = 'Request a new console URL to open it again.';
const NO_TOKEN = 'This address has no token. Request a new console URL.';

/**
 * @typedef {object} Events
 * @property {() => void} onAdmitted - the proxy has accepted the token
 * @property {() => void} onOpen - the console can be used
 * @property {(key: import('./rejoin.js').RejoinKey) => void} onKey - a new key
 * @property {(found: import('./endings.js').Ending) => void} onEnd
 */

export class Session {
  /**
   * @param {import('./shell.js').Shell} shell
   * @param {object} options
   * @param {URL} options.address - of the WebSocket, without its query
   * @param {string | null} options.token
   * @param {(url: URL, events: Events) => () => void} options.begin - starts to open
   *   the console, and returns a function that hangs up
   * @param {boolean} [options.reusable] - see Rejoin
   */
  constructor(shell, { address, token, begin, reusable = false }) {
    this.shell = shell;
    this.address = address;
    this.begin = begin;
    this.rejoin = new Rejoin(token, { reusable });
    /** @type {{ hangUp?: () => void } | null} */
    this.attempt = null;
    /** @type {number | null} */
    this.lostAt = null;
    /** @type {number[]} */
    this.pauses = [];
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    this.timer = undefined;
    this.isOpen = false;
    shell.button('reconnect', 'Reconnect', () => this.connect(), { when: 'ended' });
    // A key that is meant for the guest, such as Ctrl+W, may close the page: let the
    // browser ask first.
    addEventListener('beforeunload', (event) => {
      if (shell.isOpen && !this.rejoin.isPossible) {
        event.preventDefault();
      }
    });
  }

  connect() {
    this.refill();
    // After a reload, the time of the loss is unknown: count from now.
    if (this.rejoin.key) {
      this.lostAt ??= Date.now();
    }
    this.open('Connecting…');
  }

  /** @param {string} words */
  open(words) {
    this.hangUp();
    if (!this.rejoin.isPossible) {
      this.shell.say('ended', NO_TOKEN);
      return;
    }
    this.shell.say('connecting', words);
    const url = new URL(this.address);
    url.search = String(this.rejoin.query);
    /** @type {{ hangUp?: () => void }} */
    const attempt = {};
    /**
     * What an older attempt still reports is ignored.
     *
     * @template {unknown[]} Given
     * @param {(...given: Given) => void} act
     * @returns {(...given: Given) => void}
     */
    const current =
      (act) =>
      (...given) => {
        if (attempt === this.attempt) {
          act(...given);
        }
      };
    this.attempt = attempt;
    this.wait();
    attempt.hangUp = this.begin(url, {
      onAdmitted: current(() => this.admitted()),
      onOpen: current(() => this.opened()),
      onKey: current((key) => this.rejoin.keep(key)),
      onEnd: current((ending) => this.end(ending)),
    });
  }

  wait() {
    clearTimeout(this.timer);
    const words = 'The console does not answer.';
    this.timer = setTimeout(() => this.end({ kind: NOT_NOW, words }), OPEN_MS);
  }

  admitted() {
    this.rejoin.used();
    // A SPICE console has several connections.
    if (!this.isOpen) {
      this.wait();
    }
  }

  opened() {
    clearTimeout(this.timer);
    this.isOpen = true;
    this.lostAt = null;
    this.timer = setTimeout(() => this.refill(), STABLE_MS);
    this.shell.say('open', 'Connected');
  }

  refill() {
    this.pauses = [...PAUSES_MS];
  }

  /**
   * The console has ended, or was not opened.
   *
   * @param {import('./endings.js').Ending} ending
   */
  end({ kind, words }) {
    this.hangUp();
    this.rejoin.ended(kind);
    if (kind === LOST || kind === ENDED) {
      this.lostAt ??= Date.now();
    }
    if (!this.rejoin.isPossible) {
      const advice = kind === REFUSED ? '' : ` ${REQUEST}`;
      this.shell.say('ended', words + advice);
      return;
    }
    const isLost = kind === LOST || (kind === NOT_NOW && this.lostAt !== null);
    const pause = (isLost && this.pauses.shift()) || Infinity;
    const left = this.left();
    if (pause < left) {
      const said = `${words} Connecting again…`;
      this.shell.say('connecting', said);
      this.timer = setTimeout(() => this.open(said), pause);
    } else if (left > 0) {
      this.shell.say('ended', words, { again: true });
      if (left < Infinity) {
        this.timer = setTimeout(() => this.expire(words), left);
      }
    } else {
      this.expire(words);
    }
  }

  // For how many milliseconds the console can still be opened again.
  left() {
    const { key } = this.rejoin;
    return key === null || this.lostAt === null
      ? Infinity
      : this.lostAt + key.within * 1000 - Date.now();
  }

  /** @param {string} words */
  expire(words) {
    this.rejoin.forget();
    this.shell.say('ended', `${words} ${REQUEST}`);
  }

  hangUp() {
    clearTimeout(this.timer);
    const { attempt } = this;
    this.isOpen = false;
    this.attempt = null;
    attempt?.hangUp?.();
  }
}
