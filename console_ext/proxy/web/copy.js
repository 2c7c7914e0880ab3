// SPDX-License-Identifier: Apache-2.0
// Copying text that is selected in a terminal.

/**
 * Add the button, for copying as soon as text is selected.
 *
 * @param {import('./shell.js').Shell} shell
 * @param {import('./terminal.js').OpenTerminal} terminal
 * @returns a function that copies what is selected now
 */
export function addCopy(shell, terminal) {
  async function copy() {
    const text = terminal.selection();
    if (!text) {
      return;
    }
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      // Without TLS, browsers have no clipboard API, but still this command.
      document.execCommand('copy');
    }
  }

  let isOn = false;
  shell.toggle(
    'copy-on-selection',
    'Copy on selection',
    (on) => {
      isOn = on;
    },
    { hint: 'Copy text when it is selected (or press Ctrl+Shift+C)' },
  );
  shell.stage.addEventListener('mouseup', () => {
    if (isOn) {
      copy();
    }
  });
  return copy;
}
