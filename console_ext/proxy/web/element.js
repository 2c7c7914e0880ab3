// SPDX-License-Identifier: Apache-2.0
// Making elements of a page.

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, unknown> & { dataset?: DOMStringMap, role?: string }
 *   } properties
 * @param {(Node | string)[]} children
 */
export function element(name, properties = {}, ...children) {
  const { dataset, role, ...rest } = properties;
  const made = Object.assign(document.createElement(name), rest);
  Object.assign(made.dataset, dataset);
  if (role) {
    made.setAttribute('role', role);
  }
  made.append(...children);
  return made;
}
