// SPDX-License-Identifier: Apache-2.0
// xterm.js 6 writes <style> elements and style attributes, which our
// Content-Security-Policy forbids: it would allow a guest's, too, if one got that far.
// What scripts do by the CSSOM is allowed, so that is done instead.

export function useConstructedSheets() {
  const { createElement } = Document.prototype;
  document.createElement = function create(name, options) {
    if (String(name).toLowerCase() !== 'style') {
      return createElement.call(this, name, options);
    }
    const element = createElement.call(this, 'template');
    const sheet = new CSSStyleSheet();
    document.adoptedStyleSheets.push(sheet);
    Object.defineProperty(element, 'textContent', {
      set: (text) => sheet.replaceSync(text),
    });
    return element;
  };

  const { setAttribute } = Element.prototype;
  Element.prototype.setAttribute = function set(name, value) {
    if (name === 'style') {
      this.style.cssText = value;
    } else {
      setAttribute.call(this, name, value);
    }
  };
}
