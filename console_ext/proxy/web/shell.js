// SPDX-License-Identifier: Apache-2.0
// The common frame of our console pages: a toolbar, and a line that shows the state.

import { button, element } from './element.js';
import { recall, remember } from './storage.js';

// Moves the focus from the console, which takes all other keys, to the toolbar; as in
// clients for remote desktops.
export const TO_TOOLBAR = 'Ctrl+Alt+Home';

export class Shell {
  /**
   * @param {object} options
   * @param {string} options.kind - what the page shows, such as "Serial console"
   * @param {string | null} options.title - the server's name, if it is known
   * @param {() => void} options.focus - moves the keyboard focus to the console
   */
  constructor({ kind, title, focus }) {
    this.name = title || 'console';
    this.focus = focus;
    document.title = title ? `${title} – ${kind}` : kind;
    this.toolbar = element('div', {
      id: 'toolbar',
      role: 'toolbar',
      ariaLabel: 'Console',
    });
    this.below = element('div', { id: 'below' });
    this.stage = element('main', {
      id: 'stage',
      ariaLabel: kind,
      ariaDescription: `${TO_TOOLBAR}: toolbar`,
    });
    // These are in the page, which shows them before its modules are loaded.
    const header = /** @type {HTMLElement} */ (document.querySelector('header'));
    this.status = /** @type {HTMLElement} */ (header.querySelector('#status'));
    header.append(
      element(
        'div',
        { id: 'bar' },
        element('h1', { id: 'title', textContent: title || kind }),
        this.status,
        this.toolbar,
      ),
      this.below,
    );
    header.after(this.stage);
    this.toolbar.addEventListener('keydown', (event) => this.move(event));
    // Capture: otherwise the console would take the keys.
    document.addEventListener(
      'keydown',
      (event) => {
        if (event.ctrlKey && event.altKey && event.key === 'Home') {
          event.preventDefault();
          event.stopPropagation();
          this.leaveFullScreen();
          this.tools()[0]?.focus();
        }
      },
      { capture: true },
    );
  }

  get isOpen() {
    return document.body.dataset.state === 'open';
  }

  /**
   * The style sheet shows and hides buttons by state and again.
   *
   * @param {'connecting' | 'open' | 'ended'} state
   * @param {string} words
   * @param {{ again?: boolean }} options - again: whether the console can be opened
   *   again
   */
  say(state, words, { again = false } = {}) {
    document.body.dataset.state = state;
    document.body.dataset.again = String(again);
    this.status.textContent = words;
    if (state === 'ended') {
      // The full screen of a guest hides the words.
      this.leaveFullScreen();
    }
    this.setTabStop(this.tools()[0]);
    // A button that had the focus may be hidden now.
    if (state === 'open' && document.activeElement === document.body) {
      this.focus();
    }
  }

  /**
   * Let Tab stop at one button of the toolbar only (ARIA authoring practices).
   *
   * @param {HTMLButtonElement | undefined} tool
   */
  setTabStop(tool) {
    for (const one of this.toolbar.querySelectorAll('button')) {
      one.tabIndex = one === tool ? 0 : -1;
    }
  }

  /**
   * Add a button to the toolbar.
   *
   * @param {string} id
   * @param {string} label
   * @param {() => void} act
   * @param {{ when?: string, hint?: string }} options - when: the states in which it is
   *   shown
   */
  button(id, label, act, { when = 'connecting open ended', hint = '' } = {}) {
    const made = button(label, act, {
      id,
      title: hint || label,
      tabIndex: -1,
      dataset: { when },
    });
    // A click does not move the keyboard focus.
    made.addEventListener('pointerdown', (event) => event.preventDefault());
    this.toolbar.append(made);
    return made;
  }

  /**
   * Add a button that is on or off.
   *
   * @param {string} id
   * @param {string} label
   * @param {(on: boolean) => void} act
   * @param {object} options - given: its state, if the address of the page says so;
   *   otherwise the browser remembers it, if possible
   * @param {boolean} [options.initially]
   * @param {boolean | undefined} [options.given]
   * @param {string} [options.hint]
   */
  toggle(id, label, act, { initially = false, given, ...options } = {}) {
    const name = `console-ext.${id}`;
    /** @param {boolean} on */
    const change = (on) => {
      this.setPressed(id, on);
      act(on);
    };
    const made = this.button(
      id,
      label,
      () => {
        const on = made.ariaPressed !== 'true';
        remember(name, on);
        change(on);
      },
      options,
    );
    change(given ?? recall(name) ?? initially);
  }

  /**
   * @param {string} id - of a button that is on or off
   * @param {boolean} on
   */
  setPressed(id, on) {
    const found = document.getElementById(id);
    if (found) {
      found.ariaPressed = String(on);
    }
  }

  // The buttons that can be used now.
  tools() {
    return [...this.toolbar.querySelectorAll('button')].filter(
      (one) => getComputedStyle(one).display !== 'none',
    );
  }

  /**
   * Arrow keys move within the toolbar, and Tab leaves it.
   *
   * @param {KeyboardEvent} event
   */
  move(event) {
    const tools = this.tools();
    const at = tools.findIndex((one) => one === document.activeElement);
    const targets = new Map([
      ['ArrowRight', (at + 1) % tools.length],
      ['ArrowLeft', (at - 1 + tools.length) % tools.length],
      ['Home', 0],
      ['End', tools.length - 1],
    ]);
    const to = targets.get(event.key);
    if (event.key === 'Escape') {
      this.focus();
    } else if (to === undefined || event.ctrlKey) {
      return;
    } else {
      this.setTabStop(tools[to]);
      tools[to]?.focus();
    }
    event.preventDefault();
  }

  /**
   * Add a row below the toolbar; hidden at first.
   *
   * @param {string} id
   * @param {string} label
   * @param {HTMLElement[]} children
   */
  row(id, label, ...children) {
    const properties = { id, role: 'group', hidden: true, ariaLabel: label };
    const row = element('div', properties, ...children);
    this.below.append(row);
    return row;
  }

  /**
   * @param {string} heading
   * @param {HTMLElement} content
   * @param {string} yes - the label of the button that confirms
   * @param {() => void} confirm
   * @param {object} options
   * @param {string} [options.says] - a sentence below the content
   * @param {() => string} [options.refuse] - returns why it cannot be confirmed, in a
   *   sentence that takes the other's place; the dialog then stays open
   */
  dialog(heading, content, yes, confirm, { says = '', refuse = () => '' } = {}) {
    const dialog = element('dialog');
    // A screen reader announces an output when it changes.
    const said = element('output', { id: 'dialog-says', textContent: says });
    const accept = button(yes, () => {
      said.textContent = refuse();
      if (!said.textContent) {
        dialog.close();
        confirm();
      }
    });
    const cancel = button('Cancel', () => dialog.close());
    const title = element('h2', { id: 'dialog-heading', textContent: heading });
    dialog.setAttribute('aria-labelledby', title.id);
    dialog.append(title, content, said, element('p', {}, accept, cancel));
    dialog.addEventListener('close', () => {
      dialog.remove();
      this.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  /**
   * Save a file with the name of the server.
   *
   * @param {string} ending
   * @param {Blob} blob
   */
  download(ending, blob) {
    const url = URL.createObjectURL(blob);
    element('a', { href: url, download: this.name + ending }).click();
    URL.revokeObjectURL(url);
  }

  /**
   * Add a button that shows an element on the whole screen.
   *
   * @param {HTMLElement} shown
   */
  fullScreen(shown) {
    if (!document.fullscreenEnabled) {
      return;
    }
    this.button('full-screen', 'Full screen', async () => {
      if (!(await this.leaveFullScreen())) {
        await shown.requestFullscreen();
        // If the browser supports it, Esc goes to the guest; holding it ends full
        // screen.
        await navigator.keyboard?.lock(['Escape']);
      }
      this.focus();
    });
    this.setPressed('full-screen', false);
    document.addEventListener('fullscreenchange', () => {
      this.setPressed('full-screen', Boolean(document.fullscreenElement));
    });
  }

  async leaveFullScreen() {
    const isFull = Boolean(document.fullscreenElement);
    if (isFull) {
      await document.exitFullscreen();
    }
    return isFull;
  }
}
