// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';

import { useConstructedSheets } from '../../console_ext/proxy/web/style_elements.js';

class Sheet {
  replaceSync(text) {
    this.text = text;
  }
}

class FakeElement {
  constructor(name, options) {
    Object.assign(this, { name, options, attributes: {}, style: { cssText: '' } });
  }

  setAttribute(name, value) {
    this.attributes[name] = value;
  }
}

class FakeDocument {
  adoptedStyleSheets = [];

  createElement(name, options) {
    return new FakeElement(name, options);
  }
}

before(() => {
  Object.assign(globalThis, {
    CSSStyleSheet: Sheet,
    Document: FakeDocument,
    Element: FakeElement,
    document: new FakeDocument(),
  });
  useConstructedSheets();
});

beforeEach(() => {
  document.adoptedStyleSheets = [];
});

for (const name of ['style', 'STYLE']) {
  test(`<${name}> becomes a constructed sheet`, () => {
    const element = document.createElement(name);
    assert.equal(element.name, 'template');
    element.textContent = 'a { color: red }';
    element.textContent = 'b { color: blue }';
    const [sheet, ...others] = document.adoptedStyleSheets;
    assert.equal(sheet.text, 'b { color: blue }');
    assert.deepEqual(others, []);
  });
}

test('each has a sheet of its own', () => {
  document.createElement('style').textContent = 'a {}';
  document.createElement('style').textContent = 'b {}';
  const texts = document.adoptedStyleSheets.map(({ text }) => text);
  assert.deepEqual(texts, ['a {}', 'b {}']);
});

test('other elements are made as before', () => {
  const element = document.createElement('div', { is: 'x' });
  assert.equal(element.name, 'div');
  assert.deepEqual(element.options, { is: 'x' });
  assert.deepEqual(document.adoptedStyleSheets, []);
});

test('a style attribute changes the style of the element', () => {
  const element = document.createElement('span');
  element.setAttribute('style', 'color: red');
  assert.equal(element.style.cssText, 'color: red');
  assert.deepEqual(element.attributes, {});
});

test('other attributes are set as before', () => {
  const element = document.createElement('span');
  element.setAttribute('role', 'status');
  assert.deepEqual(element.attributes, { role: 'status' });
  assert.equal(element.style.cssText, '');
});
