// SPDX-License-Identifier: Apache-2.0
// The page of a VNC console: noVNC draws its screen, in the shell of all pages.

import { Connection, SUBPROTOCOL } from './connection.js';
import { OVER } from './endings.js';
import RFB from './novnc/rfb.js';
import { Screen } from './screen.js';
import { Session } from './session.js';
import { Shell } from './shell.js';
import { nextTo } from './socket_url.js';

const { query, token } = globalThis.takeAddress();

// Options have the names and values of noVNC's own pages.
const viewOnly = isOn('view_only') ?? false;
const resize = query.get('resize');

/** @type {RFB | null} */
let rfb = null;
let fits = true;

const shell = new Shell({
  kind: 'VNC console',
  title: query.get('title'),
  focus: () => rfb?.focus(),
});
const session = new Session(shell, {
  address: nextTo(location.href, query.get('path')),
  token,
  begin,
});
const screen = new Screen(shell, {
  press: ({ keysym, code }, down) => rfb?.sendKey(keysym, code, down),
  fit(on) {
    fits = on;
    if (rfb) {
      rfb.scaleViewport = on;
    }
  },
  fits: resize ? resize !== 'off' : isOn('scale'),
  viewOnly,
});

/**
 * Whether an option is on; undefined if the address says nothing about it.
 *
 * @param {string} name
 */
function isOn(name) {
  const value = query.get(name);
  return value === null ? undefined : /^(1|true|yes|on)$/i.test(value);
}

/**
 * @param {URL} url
 * @param {import('./session.js').Events} events
 */
function begin(url, { onAdmitted, onOpen, onKey, onEnd }) {
  const socket = new WebSocket(url, SUBPROTOCOL);
  // Listen before noVNC does, because it clears the screen at the end.
  const connection = new Connection(socket, { onAdmitted, onKey, onEnd });
  const mine = new RFB(screen.element, socket);
  mine.background = 'transparent';
  mine.viewOnly = viewOnly;
  mine.scaleViewport = fits;
  mine.resizeSession = resize === 'remote';
  mine.addEventListener('connect', () => {
    screen.renew();
    onOpen();
  });
  mine.addEventListener('securityfailure', ({ detail }) => {
    const why = detail.reason || 'no reason given';
    onEnd({ kind: OVER, words: `The console refused the connection: ${why}.` });
  });
  mine.addEventListener('credentialsrequired', () => {
    const words = 'The console requires a password, which this page does not support.';
    onEnd({ kind: OVER, words });
  });
  rfb = mine;
  return () => {
    rfb = null;
    connection.close();
    screen.keep();
    mine.disconnect();
  };
}

session.connect();
