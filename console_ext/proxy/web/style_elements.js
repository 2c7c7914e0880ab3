// SPDX-License-Identifier: Apache-2.0
// xterm.js 6 and spice-html5 create <style> elements or style attributes.  Our
// Content-Security-Policy forbids them, because it could not tell them from injected
// ones.  It allows changes by the CSSOM, so this module replaces them with those.

export function useConstructedSheets() {
  const { createElement } = Document.prototype;
  /**
   * @this {Document}
   * @param {string} name
   * @param {ElementCreationOptions} [options]
   */
  function create(name, options) {
    if (String(name).toLowerCase() !== 'style') {
      return createElement.call(this, name, options);
    }
    const element = createElement.call(this, 'template');
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
    Object.defineProperty(element, 'textContent', {
      /** @param {string} text */
      set(text) {
        sheet.replaceSync(text);
      },
    });
    return element;
  }
  document.createElement = /** @type {Document['createElement']} */ (create);

  const { setAttribute } = Element.prototype;
  /**
   * @this {HTMLElement | SVGElement}
   * @param {string} name
   * @param {string} value
   */
  function set(name, value) {
    if (name === 'style') {
      this.style.cssText = value;
    } else {
      setAttribute.call(this, name, value);
    }
  }
  Element.prototype.setAttribute = set;
}
