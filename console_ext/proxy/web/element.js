// SPDX-License-Identifier: Apache-2.0
// Making elements of a page.

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, unknown> & { dataset?: DOMStringMap }} properties
 * @param {(Node | string)[]} children
 */
export function element(name, properties = {}, ...children) {
  const { dataset, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  Object.assign(made.dataset, dataset);
  made.append(...children);
  return made;
}

/**
 * @param {string} label
 * @param {() => void} act
 * @param {Record<string, unknown> & { dataset?: DOMStringMap }} properties
 */
export function button(label, act, properties = {}) {
  const made = element('button', { type: 'button', textContent: label, ...properties });
  made.addEventListener('click', act);
  return made;
}
