// SPDX-License-Identifier: Apache-2.0
// Why a WebSocket was refused or has ended, in a sentence, and what follows from it.

// What follows from an ending:
export const REFUSED = 'refused'; // the token or key is not valid
export const NOT_NOW = 'not now'; // it is valid, and may be accepted later
export const LOST = 'lost'; // a new connection continues the session
export const ENDED = 'ended'; // a new connection may continue the session
export const OVER = 'over'; // nothing continues the session

/**
 * @typedef {object} Ending
 * @property {typeof REFUSED | typeof NOT_NOW | typeof LOST | typeof ENDED | typeof OVER
 *   } kind
 * @property {string} words
 * @property {number} [code] - the close code
 */

// The close code of a refusal is this number plus its HTTP status.  A code between them
// says that another connection has taken the session over.
const REFUSAL = 4000;

// After refusals with these statuses, the token or key can be used again.
const RETRYABLE = [409, 429, 502, 503];

const ABNORMAL = 1006;

/** @type {Map<number, Ending['kind']>} */
const KINDS = new Map([
  [1001, LOST], // the proxy is being stopped
  [ABNORMAL, LOST],
  [1000, ENDED], // by the guest
  [1011, ENDED], // the guest was lost, or this page was silent
  [1013, ENDED], // the proxy has no memory left
]);

const WORDS = new Map([
  [1002, 'The connection violated the WebSocket protocol.'],
  // This page has closed the connection: a library does that.
  [1005, 'The console sent data that this page does not understand.'],
  [ABNORMAL, 'The connection to the console was lost.'],
  [1009, 'A message was too long for the console proxy.'],
]);

/**
 * The ending of a WebSocket that was open.
 *
 * @param {{ code: number, reason: string }} event
 * @returns {Ending}
 */
export function ending({ code, reason }) {
  if (code > REFUSAL) {
    const kind = RETRYABLE.includes(code - REFUSAL) ? NOT_NOW : REFUSED;
    return { code, kind, words: reason };
  }
  const words = reason || WORDS.get(code) || `The connection ended with code ${code}.`;
  return { code, kind: KINDS.get(code) ?? OVER, words };
}

/**
 * The ending of a WebSocket that was never open: browsers hide its cause.
 *
 * @returns {Promise<Ending>}
 */
export async function unopened() {
  const words = (await isReachable())
    ? 'The console cannot be opened: something between this page and the console ' +
      'proxy, perhaps a reverse proxy, refuses WebSockets.'
    : 'The console proxy cannot be reached. Check your network.';
  return { code: ABNORMAL, kind: NOT_NOW, words };
}

async function isReachable() {
  try {
    const url = new URL('../../healthcheck', import.meta.url);
    return (await fetch(url, { cache: 'no-store' })).ok;
  } catch {
    return false;
  }
}
