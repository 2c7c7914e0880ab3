// SPDX-License-Identifier: Apache-2.0
// The URL of a console's WebSocket, without its query.  It always has the host of the
// page.

/**
 * The URL of the page itself, with ws in place of http.
 *
 * @param {string} page
 */
export function sameAs(page) {
  const url = new URL(page);
  url.search = '';
  url.hash = '';
  return socket(url);
}

/**
 * A URL next to the page.
 *
 * @param {string} page
 * @param {string | null} path - to have instead, if there is one
 */
export function nextTo(page, path = null) {
  const url = new URL('.', page);
  url.pathname = path ?? url.pathname;
  return socket(url);
}

/** @param {URL} url */
function socket(url) {
  url.protocol = url.protocol.replace('http', 'ws');
  return url;
}
