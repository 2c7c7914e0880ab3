// SPDX-License-Identifier: Apache-2.0
// The screen of a console, with what VNC and SPICE have in common: how it fits the
// window, its picture, and its keyboard.

import { element } from './element.js';
import { Keyboard } from './keyboard.js';

export class Screen {
  /**
   * @param {import('./shell.js').Shell} shell
   * @param {object} options
   * @param {(key: import('./keys.js').Key, down: boolean) => void} options.press -
   *   presses or releases a key
   * @param {boolean} [options.onlyUS] - whether the console has only the keys of a US
   *   keyboard
   * @param {(on: boolean) => void} options.fit - scales the picture to the window, or
   *   shows it in its own size
   * @param {boolean | undefined} [options.fits] - whether it is scaled, if the address
   *   of the page says so
   * @param {boolean} [options.viewOnly]
   */
  constructor(shell, { press, onlyUS = false, fit, fits, viewOnly = false }) {
    this.shell = shell;
    /** @type {HTMLCanvasElement | null} */
    this.last = null;
    this.element = element('div', { id: 'screen' });
    shell.stage.append(this.element);
    this.keyboard = viewOnly ? null : new Keyboard(shell, press, onlyUS);
    /** @param {boolean} on */
    const change = (on) => {
      shell.stage.dataset.fits = String(on);
      fit(on);
    };
    shell.toggle('fit', 'Fit', change, {
      hint: 'Scale the screen to the window',
      initially: true,
      given: fits,
    });
    shell.button('screenshot', 'Screenshot', () => this.save(), {
      when: 'open ended',
      hint: 'Download a picture of the screen',
    });
    shell.fullScreen(shell.stage);
  }

  /** @returns {HTMLCanvasElement | null} */
  get canvas() {
    return this.element.querySelector('canvas:not(.last)') ?? this.last;
  }

  // The console has ended: keep its last picture, but nothing of the library that drew
  // it.
  keep() {
    const { canvas } = this;
    if (canvas?.width && canvas.height) {
      this.last = pictureOf(canvas);
    }
    this.clear();
    this.keyboard?.forget();
  }

  clear() {
    this.element.replaceChildren(this.last ?? '');
  }

  // The console is open again.
  renew() {
    this.last?.remove();
    this.last = null;
  }

  save() {
    this.canvas?.toBlob((blob) => blob && this.shell.download('.png', blob));
  }
}

/**
 * A copy, of the size that is shown.
 *
 * @param {HTMLCanvasElement} canvas
 */
function pictureOf(canvas) {
  const { width, height, style } = canvas;
  const picture = element('canvas', { width, height, className: 'last' });
  picture.style.width = style.width;
  picture.style.height = style.height;
  picture.getContext('2d')?.drawImage(canvas, 0, 0);
  return picture;
}
