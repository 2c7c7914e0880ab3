// SPDX-License-Identifier: Apache-2.0
// What all our pages have around a console: a toolbar, and words for how it goes.

// As remote desktops have it: from the console, which takes all other keys, to the toolbar.
const TO_TOOLBAR = 'Ctrl+Alt+Home';

function element(name, properties = {}, ...children) {
  const { dataset, role, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  Object.assign(made.dataset, dataset);
  if (role) {
    made.setAttribute('role', role);
  }
  made.append(...children);
  return made;
}

export class Shell {
  // kind: what the page shows, as "Serial console"; title: the server's name, or null;
  // focus(): gives the keyboard to the console.
  constructor({ kind, title, focus }) {
    this.focus = focus;
    document.title = title ? `${title} – ${kind}` : kind;
    this.status = element('p', { id: 'status', role: 'status' });
    this.toolbar = element('div', { id: 'toolbar', role: 'toolbar' });
    this.toolbar.setAttribute('aria-label', 'Console');
    this.below = element('div', { id: 'below' });
    this.stage = element('main', { id: 'stage' });
    this.stage.setAttribute('aria-label', kind);
    document.body.prepend(
      element(
        'header',
        {},
        element(
          'div',
          { id: 'bar' },
          element('h1', { id: 'title', textContent: title || kind }),
          this.status,
          this.toolbar,
        ),
        this.below,
      ),
      this.stage,
    );
    this.toolbar.addEventListener('keydown', (event) => this.move(event));
    // In front of the console, which would take the keys.
    document.addEventListener(
      'keydown',
      (event) => {
        if (event.ctrlKey && event.altKey && event.key === 'Home') {
          event.preventDefault();
          event.stopPropagation();
          this.tools()[0].focus();
        }
      },
      { capture: true },
    );
    this.last = null;
    this.last = this.button('full-screen', 'Full screen', () => this.toggleFullScreen());
    document.addEventListener('fullscreenchange', () => {
      this.press('full-screen', Boolean(document.fullscreenElement));
    });
  }

  // state: connecting, open or ended; the style sheet shows what each is for.
  say(state, words) {
    document.body.dataset.state = state;
    this.status.textContent = words;
    this.stop(this.tools()[0]);
  }

  // Which button Tab stops at: one of the toolbar's (ARIA authoring practices).
  stop(button) {
    for (const one of this.toolbar.children) {
      one.tabIndex = one === button ? 0 : -1;
    }
  }

  // A button of the toolbar. when: the states in which it can do something.
  button(id, label, act, { when = 'connecting open ended', hint = '' } = {}) {
    const button = element('button', {
      id,
      type: 'button',
      textContent: label,
      title: hint || label,
      tabIndex: -1,
      dataset: { when },
    });
    // The mouse leaves the keyboard where it is.
    button.addEventListener('pointerdown', (event) => event.preventDefault());
    button.addEventListener('click', act);
    this.toolbar.insertBefore(button, this.last);
    return button;
  }

  // A button that is on or off, and remembers it if the browser may.
  toggle(id, label, act, options = {}) {
    const name = `console-ext.${id}`;
    const change = (on) => {
      this.press(id, on);
      act(on);
    };
    const button = this.button(
      id,
      label,
      () => {
        const on = button.getAttribute('aria-pressed') !== 'true';
        remember(name, on);
        change(on);
      },
      options,
    );
    change(recall(name) ?? options.initially ?? false);
  }

  press(id, on) {
    document.getElementById(id).setAttribute('aria-pressed', String(on));
  }

  // The buttons that can be used now.
  tools() {
    return [...this.toolbar.querySelectorAll('button')].filter(
      (button) => getComputedStyle(button).display !== 'none',
    );
  }

  // Arrow keys move within the toolbar, and Tab leaves it.
  move(event) {
    const tools = this.tools();
    const at = tools.indexOf(document.activeElement);
    const to = {
      ArrowRight: (at + 1) % tools.length,
      ArrowLeft: (at - 1 + tools.length) % tools.length,
      Home: 0,
      End: tools.length - 1,
    }[event.key];
    if (event.key === 'Escape') {
      this.focus();
    } else if (to === undefined || event.ctrlKey) {
      return;
    } else {
      this.stop(tools[to]);
      tools[to].focus();
    }
    event.preventDefault();
  }

  // A row below the toolbar; shown or not.
  row(id, label, ...children) {
    const row = element('div', { id, role: 'group', hidden: true }, ...children);
    row.setAttribute('aria-label', label);
    this.below.append(row);
    return row;
  }

  // Ask something; content is shown above the buttons, confirm() is called on yes.
  dialog(heading, content, yes, confirm) {
    const dialog = element('dialog');
    const close = () => dialog.close();
    const accept = element('button', { type: 'button', textContent: yes });
    accept.addEventListener('click', () => {
      close();
      confirm();
    });
    const cancel = element('button', { type: 'button', textContent: 'Cancel' });
    cancel.addEventListener('click', close);
    const title = element('h2', { id: 'dialog-heading', textContent: heading });
    dialog.setAttribute('aria-labelledby', title.id);
    dialog.append(title, content, element('p', {}, accept, cancel));
    dialog.addEventListener('close', () => {
      dialog.remove();
      this.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
    return dialog;
  }

  download(name, text) {
    const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
    element('a', { href: url, download: name }).click();
    URL.revokeObjectURL(url);
  }

  async toggleFullScreen() {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
    } else {
      await document.documentElement.requestFullscreen?.();
    }
    this.focus();
  }
}

// What a browser that keeps nothing for us refuses is not remembered.
export function remember(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // It is for this page only.
  }
}

export function recall(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null;
  }
}

export { element, TO_TOOLBAR };
