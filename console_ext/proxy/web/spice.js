// SPDX-License-Identifier: Apache-2.0
// The page of a SPICE console: spice-html5 draws its screen, in the shell of all pages.

import { Channels } from './channels.js';
import { Screen } from './screen.js';
import { Session } from './session.js';
import { Shell } from './shell.js';
import { nextTo } from './socket_url.js';
import {
  Constants,
  SpiceMiniData,
  SpiceMsgcKeyDown,
  SpiceMsgcKeyUp,
} from './spice-html5/spice.js';
import { useConstructedSheets } from './style_elements.js';

const RESIZE_MS = 200;
const RELEASED = 0x80;
const EXTENDED = 0xe0;

const { query, token } = globalThis.takeAddress();

/** @type {import('./spice-html5/spice.js').SpiceMainConn | null} */
let main = null; // while the console is open
let hasAgent = false;
let fits = true;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let resizing;

const shell = new Shell({
  kind: 'SPICE console',
  title: query.get('title'),
  focus: () => main && screen.canvas?.focus(),
});
const session = new Session(shell, {
  address: nextTo(location.href),
  token,
  begin,
  reusable: true,
});
const screen = new Screen(shell, {
  press,
  onlyUS: true,
  fit(on) {
    fits = on;
    if (main) {
      layOut();
    }
  },
});

/**
 * @param {URL} url
 * @param {import('./session.js').Events} events
 */
function begin(url, { onAdmitted, onOpen, onEnd }) {
  hasAgent = false;
  const channels = new Channels(url, {
    onAdmitted,
    onOpen() {
      main = channels.main;
      screen.renew();
      layOut();
      onOpen();
      resizeGuest();
    },
    onEnd,
    onAgent() {
      hasAgent = true;
      resizeGuest();
    },
    onRetry: () => screen.clear(),
  });
  return () => {
    main = null;
    channels.close();
    screen.keep();
  };
}

/**
 * spice-html5 sends the bytes of a scancode, the first one in the lowest bits.
 *
 * @param {import('./keys.js').Key} key
 * @param {boolean} down
 */
function press({ scancode }, down) {
  if (scancode === undefined) {
    return;
  }
  const code = (scancode & 0xff) | (down ? 0 : RELEASED);
  const key = down ? new SpiceMsgcKeyDown() : new SpiceMsgcKeyUp();
  key.code = scancode > 0xff ? EXTENDED | (code << 8) : code;
  const message = new SpiceMiniData();
  const kind = down
    ? Constants.SPICE_MSGC_INPUTS_KEY_DOWN
    : Constants.SPICE_MSGC_INPUTS_KEY_UP;
  message.build_msg(kind, key);
  main?.inputs?.send_msg(message);
}

// Scale the picture to the window; its size stays that of the guest's screen, so that
// positions of the pointer are right.
function layOut() {
  const { canvas, element } = screen;
  const { clientWidth, clientHeight } = shell.stage;
  if (canvas) {
    const scale = fits
      ? Math.min(clientWidth / canvas.width, clientHeight / canvas.height)
      : 1;
    element.style.transform = fits ? `translate(-50%, -50%) scale(${scale})` : 'none';
  }
}

// A guest with a SPICE agent can resize its screen to the window.
function resizeGuest() {
  clearTimeout(resizing);
  resizing = setTimeout(() => {
    if (main && hasAgent && fits) {
      const [width, height] = [shell.stage.clientWidth, shell.stage.clientHeight];
      main.resize_window(0, width & ~7, height & ~7, 32, 0, 0);
    }
  }, RESIZE_MS);
}

// spice-html5 takes the focus from the screen when the pointer leaves it.
screen.element.addEventListener('mouseout', () => {
  if (document.activeElement === document.body) {
    shell.focus();
  }
});

useConstructedSheets();
screen.element.classList.add('guest-sized');
new ResizeObserver(layOut).observe(screen.element);
new ResizeObserver(() => {
  layOut();
  resizeGuest();
}).observe(shell.stage);
session.connect();
