// SPDX-License-Identifier: Apache-2.0
// What the keys of a screen's page press. The elements of the page are fakes.
import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { Screen } from '../../console_ext/proxy/web/screen.js';

class FakeElement extends EventTarget {
  dataset = {};
  children = [];

  append(...children) {
    this.children.push(...children);
  }

  setAttribute(name, value) {
    this[name] = value;
  }

  click() {
    this.dispatchEvent(new Event('click'));
  }

  // All elements below this one.
  get all() {
    return this.children.flatMap((one) => [one, ...(one.all ?? [])]);
  }
}

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  globalThis.document = {
    createElement: () => new FakeElement(),
  };
  globalThis.matchMedia = () => ({ matches: false });
});

// A page with a screen. What it presses is "+" and the key; what it releases, "-".
function page(options) {
  const pressed = [];
  const buttons = {};
  const rows = new FakeElement();
  const shell = {
    isOpen: true,
    stage: new FakeElement(),
    button(id, label, act) {
      buttons[label] = act;
    },
    toggle() {},
    fullScreen() {},
    row(id, label, ...children) {
      rows.append(...children);
      return rows;
    },
    dialog(heading, content, yes, confirm, { says, refuse }) {
      content.focus = () => {};
      shell.asked = { text: content.value, says };
      buttons[yes] = (text) => {
        content.value = text;
        const refusal = refuse();
        if (!refusal) {
          confirm();
        }
        return refusal;
      };
    },
  };
  const press = ({ code, keysym }, down) =>
    pressed.push(`${down ? '+' : '-'}${code ?? String.fromCodePoint(keysym)}`);
  const screen = new Screen(shell, { press, fit() {}, ...options });
  return {
    screen,
    shell,
    stage: shell.stage,
    click(label) {
      const found = rows.all.find(({ textContent }) => textContent === label);
      (found ?? { click: buttons[label] }).click();
    },
    // Returns why the text is refused.
    paste(text) {
      buttons['Paste…']();
      return buttons.Paste(text);
    },
    buttons: () => [...Object.keys(buttons), ...rows.all],
    // What was pressed since the last time.
    taken: () => pressed.splice(0).join(' '),
    isHeld(label) {
      const found = rows.all.find(({ textContent }) => textContent === label);
      return found.ariaPressed === 'true';
    },
  };
}

async function typed(times) {
  for (let at = 0; at < times; at += 1) {
    await Promise.resolve();
    mock.timers.tick(20);
    await Promise.resolve();
  }
}

test('keys that are struck together are released in the opposite order', () => {
  const made = page();
  made.click('Ctrl+Alt+Del');
  assert.equal(
    made.taken(),
    '+ControlLeft +AltLeft +Delete -Delete -AltLeft -ControlLeft',
  );
});

test('a modifier is held until the next key', () => {
  const made = page();
  made.click('Ctrl');
  assert.equal(made.taken(), '+ControlLeft');
  assert.equal(made.isHeld('Ctrl'), true);
  made.click('F1');
  assert.equal(made.taken(), '+F1 -F1 -ControlLeft');
  assert.equal(made.isHeld('Ctrl'), false);
});

test('a second click releases it', () => {
  const made = page();
  made.click('Alt');
  made.click('Alt');
  assert.equal(made.taken(), '+AltLeft -AltLeft');
});

test('it applies to a key of a real keyboard', () => {
  const made = page();
  made.click('Super');
  const event = (key) => Object.assign(new Event('keyup'), { key });
  made.stage.dispatchEvent(event('Shift'));
  mock.timers.tick(0);
  assert.equal(made.taken(), '+MetaLeft');
  made.stage.dispatchEvent(event('r'));
  mock.timers.tick(0);
  assert.equal(made.taken(), '-MetaLeft');
});

test('a text is typed letter by letter, with Shift where it is needed', async () => {
  const made = page();
  made.paste('aB\n');
  assert.equal(made.taken(), '+a -a');
  await typed(1);
  assert.equal(made.taken(), '+ShiftLeft +B -B -ShiftLeft');
  await typed(1);
  assert.equal(made.taken(), '+Enter -Enter');
  await typed(1);
  assert.equal(made.taken(), '');
});

test('control characters of a text are not typed', async () => {
  const made = page();
  made.paste('a\x1b\x7fb');
  await typed(4);
  assert.equal(made.taken(), '+a -a +b -b');
});

for (const [text, refusal] of [
  ['passwörd', '1 character is not on a US keyboard (ö). Nothing was typed.'],
  ['5 € + 6 € é𝄞', '4 characters are not on a US keyboard (€ é 𝄞). Nothing was typed.'],
]) {
  test(`a text with keys that the console lacks is refused: ${text}`, async () => {
    const made = page({ onlyUS: true });
    assert.equal(made.paste(text), refusal);
    await typed(text.length);
    assert.equal(made.taken(), '');
  });
}

test('without such keys it is typed', () => {
  const made = page({ onlyUS: true });
  assert.equal(made.paste('a'), '');
  assert.equal(made.taken(), '+a -a');
});

test('where the host may lack them, the user has to insist', async () => {
  const made = page();
  assert.match(made.paste('é'), /^1 character is .* \(é\).* To try, paste again\.$/);
  assert.equal(made.taken(), '');
  assert.equal(made.paste('é'), '');
  assert.equal(made.taken(), '+é -é');
  await typed(1);
  assert.match(made.paste('é'), /paste again/);
  assert.match(made.paste('éé'), /paste again/);
  assert.equal(made.taken(), '');
});

test('a text that is too long is refused, and not cut', () => {
  const made = page();
  assert.match(made.paste('x'.repeat(4097)), /has 4097 characters; at most 4096 /);
  assert.equal(made.taken(), '');
  assert.equal(made.paste('x'.repeat(4096)), '');
});

test('a text is refused while the console is not open', () => {
  const made = page();
  made.shell.isOpen = false;
  assert.match(made.paste('x'), /not open/);
  made.shell.isOpen = true;
  assert.equal(made.paste('x'), '');
});

test('nothing more is typed once the console has ended', async () => {
  const made = page();
  made.paste('abc');
  made.shell.isOpen = false;
  await typed(4);
  assert.equal(made.taken(), '+a -a');
});

test('what was not typed then is given back', async () => {
  const made = page();
  made.paste('abc');
  assert.deepEqual(made.shell.asked, { text: '', says: '' });
  await typed(1);
  made.shell.isOpen = false;
  await typed(1);
  const says = 'The console was lost before this part of the text was typed.';
  assert.deepEqual(made.shell.asked, { text: 'c', says });
  made.shell.isOpen = true;
  made.paste('c');
  await typed(1);
  assert.equal(made.taken(), '+a -a +b -b +c -c');
  assert.deepEqual(made.shell.asked, { text: '', says: '' });
});

test('no key is pressed while the console is not open', () => {
  const made = page();
  made.shell.isOpen = false;
  made.click('Ctrl');
  made.click('Ctrl+Alt+Del');
  assert.equal(made.taken(), '');
});

test('a modifier that is clicked meanwhile is not held', () => {
  const made = page();
  made.shell.isOpen = false;
  made.click('Ctrl');
  assert.equal(made.isHeld('Ctrl'), false);
  made.shell.isOpen = true;
  made.click('F1');
  assert.equal(made.taken(), '+F1 -F1');
  made.click('Ctrl');
  assert.equal(made.isHeld('Ctrl'), true);
});

test('the end of the console releases a modifier', () => {
  const made = page();
  made.click('Ctrl');
  made.screen.element.querySelector = () => null;
  made.screen.element.replaceChildren = () => {};
  made.screen.keep();
  assert.equal(made.isHeld('Ctrl'), false);
});

test('a modifier does not apply to a pasted text', async () => {
  const made = page();
  made.click('Ctrl');
  made.paste('ab');
  await typed(2);
  assert.equal(made.taken(), '+ControlLeft -ControlLeft +a -a +b -b');
});

test('who may only view has no keys', () => {
  assert.deepEqual(page({ viewOnly: true }).buttons(), ['Screenshot']);
});

test('a second text waits for the first', async () => {
  const made = page();
  made.paste('ab');
  made.paste('c');
  await typed(4);
  assert.equal(made.taken(), '+a -a +b -b +c -c');
  made.paste('d');
  assert.equal(made.taken(), '+d -d');
});
