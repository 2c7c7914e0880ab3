// SPDX-License-Identifier: Apache-2.0
// A fake of a tab: its session storage, and the current entry of its history.

export function openTab() {
  const stored = new Map();
  globalThis.sessionStorage = {
    getItem: (name) => stored.get(name) ?? null,
    setItem: (name, value) => stored.set(name, value),
    removeItem: (name) => stored.delete(name),
  };
  globalThis.history = {
    state: null,
    replaceState: (state) => {
      history.state = state;
    },
  };
}
