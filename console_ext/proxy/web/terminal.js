// SPDX-License-Identifier: Apache-2.0
// A terminal for our page, based on xterm.js.
import { FitAddon } from './assets/addon-fit/lib/addon-fit.mjs';
import { SearchAddon } from './assets/addon-search/lib/addon-search.mjs';
import { Unicode11Addon } from './assets/addon-unicode11/lib/addon-unicode11.mjs';
import { WebLinksAddon } from './assets/addon-web-links/lib/addon-web-links.mjs';
import { Terminal } from './assets/xterm/lib/xterm.mjs';
import { pasteable } from './paste.js';
import { useConstructedSheets } from './style_elements.js';

const SCROLLBACK_LINES = 10000;
const FONT_PX = { smallest: 8, usual: 15, largest: 40 };

const THEMES = {
  dark: {
    background: '#14171c',
    foreground: '#e6e6e6',
    cursor: '#e6e6e6',
    selectionBackground: '#4a6076',
  },
  light: {
    background: '#ffffff',
    foreground: '#1c1f24',
    cursor: '#1c1f24',
    selectionBackground: '#b5d0ee',
  },
};
const MATCHES = {
  matchOverviewRuler: '#c08000',
  activeMatchColorOverviewRuler: '#e0a000',
  matchBackground: '#7a5b00',
  activeMatchBackground: '#b06000',
};

/** @typedef {Awaited<ReturnType<typeof openTerminal>>} OpenTerminal */

/**
 * Open a terminal in an element; it sends nothing until go() is called.
 *
 * @param {HTMLElement} element
 * @param {object} options
 * @param {number | null} options.fontPx - null for the usual size
 * @param {(bytes: Uint8Array<ArrayBuffer>) => void} options.type - called with what is
 *   typed
 * @param {(url: string) => void} options.follow - called when a link is activated
 */
export async function openTerminal(element, { fontPx, type, follow }) {
  useConstructedSheets();
  const light = matchMedia('(prefers-color-scheme: light)');
  const theme = () => (light.matches ? THEMES.light : THEMES.dark);
  const terminal = new Terminal({
    allowProposedApi: true, // unicode, and decorations for the search
    disableStdin: true,
    fontSize: clamp(fontPx ?? FONT_PX.usual),
    linkHandler: { activate: (_, url) => follow(url) },
    minimumContrastRatio: 4.5,
    scrollback: SCROLLBACK_LINES,
    theme: theme(),
  });
  light.addEventListener('change', () => {
    terminal.options.theme = theme();
  });
  const fit = new FitAddon();
  const search = new SearchAddon();
  terminal.loadAddon(fit);
  terminal.loadAddon(search);
  terminal.loadAddon(new Unicode11Addon());
  terminal.loadAddon(new WebLinksAddon((_, url) => follow(url)));
  terminal.unicode.activeVersion = '11';
  terminal.open(element);
  await drawByGpu(terminal);
  fit.fit();
  new ResizeObserver(() => fit.fit()).observe(element);

  const encoder = new TextEncoder();
  terminal.onData((text) => type(encoder.encode(text)));
  // Mouse positions in the oldest mouse protocol are not UTF-8.
  terminal.onBinary((text) => type(Uint8Array.from(text, (one) => one.charCodeAt(0))));

  /** @param {string} text */
  const paste = (text) => terminal.paste(pasteable(text));
  // Capture: otherwise xterm.js would paste the unfiltered text.
  element.addEventListener(
    'paste',
    (event) => {
      event.preventDefault();
      event.stopPropagation();
      paste(event.clipboardData?.getData('text/plain') ?? '');
    },
    { capture: true },
  );

  return {
    paste,
    /**
     * xterm.js decodes UTF-8, even if bytes end within a character.
     *
     * @param {Uint8Array} bytes
     * @param {() => void} done - called when they are drawn
     */
    write: (bytes, done) => terminal.write(bytes, done),
    /**
     * Arrow keys have different codes if the guest has requested it.
     *
     * @param {string} key
     */
    press(key) {
      const { applicationCursorKeysMode } = terminal.modes;
      terminal.input(applicationCursorKeysMode ? key.replace('\x1b[', '\x1bO') : key);
    },
    focus: () => terminal.focus(),
    /** @param {string} text */
    find: (text, { back = false, incremental = false } = {}) =>
      search[back ? 'findPrevious' : 'findNext'](text, {
        decorations: MATCHES,
        incremental,
      }),
    findNothing: () => search.clearDecorations(),
    /** @param {(found: { resultIndex: number, resultCount: number }) => void} tell */
    onFound: (tell) => search.onDidChangeResults(tell),
    /** @param {(event: KeyboardEvent) => boolean} handle - whether the guest gets it */
    onKey: (handle) => terminal.attachCustomKeyEventHandler(handle),
    selection: () => terminal.getSelection(),
    text: () => textOf(terminal.buffer.active),
    /** @param {boolean} on */
    readAloud(on) {
      terminal.options.screenReaderMode = on;
    },
    /** @param {number} by - pixels */
    grow(by) {
      const fontSize = clamp((terminal.options.fontSize ?? FONT_PX.usual) + by);
      terminal.options.fontSize = fontSize;
      fit.fit();
      return fontSize;
    },
    stop() {
      terminal.options.cursorBlink = false;
      terminal.options.disableStdin = true;
    },
    go() {
      terminal.options.cursorBlink = true;
      terminal.options.disableStdin = false;
    },
  };
}

/** @param {number} fontPx */
function clamp(fontPx) {
  return Math.min(Math.max(fontPx, FONT_PX.smallest), FONT_PX.largest);
}

/**
 * Use WebGL; keep the DOM renderer if WebGL is missing, fails, or is not faster.
 *
 * @param {Terminal} terminal
 */
async function drawByGpu(terminal) {
  if (!hasGpu()) {
    return;
  }
  try {
    const { WebglAddon } = await import('./assets/addon-webgl/lib/addon-webgl.mjs');
    const addon = new WebglAddon();
    addon.onContextLoss(() => addon.dispose());
    terminal.loadAddon(addon);
  } catch {
    // Drawn by the DOM renderer.
  }
}

// Whether WebGL uses a GPU instead of a software renderer.
function hasGpu() {
  const canvas = document.createElement('canvas');
  const webgl = canvas.getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  const names = webgl?.getExtension('WEBGL_debug_renderer_info');
  const name = names?.UNMASKED_RENDERER_WEBGL ?? webgl?.RENDERER;
  const renderer = name && webgl?.getParameter(name);
  webgl?.getExtension('WEBGL_lose_context')?.loseContext();
  return Boolean(webgl) && !/swiftshader|llvmpipe|software/i.test(renderer);
}

/**
 * The text as it was printed: wrapped lines are joined.
 *
 * @param {import('./assets/xterm/lib/xterm.mjs').IBuffer} buffer
 */
function textOf(buffer) {
  /** @type {string[]} */
  const lines = [];
  for (let at = 0; at < buffer.length; at += 1) {
    const line = buffer.getLine(at);
    const isContinued = buffer.getLine(at + 1)?.isWrapped;
    const text = line?.translateToString(!isContinued) ?? '';
    lines.push(line?.isWrapped ? `${lines.pop() ?? ''}${text}` : text);
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
