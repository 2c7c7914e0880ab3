// SPDX-License-Identifier: Apache-2.0
// A terminal, as our page needs it; xterm.js draws it.
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

// Opened in the given element. type(bytes) gets what is typed; follow(url) is asked to
// open a link.
export async function openTerminal(element, { fontPx, type, follow }) {
  useConstructedSheets();
  const light = matchMedia('(prefers-color-scheme: light)');
  const theme = () => (light.matches ? THEMES.light : THEMES.dark);
  const terminal = new Terminal({
    allowProposedApi: true, // unicode, and decorations for the search
    cursorBlink: true,
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
  // Positions of the mouse, in the oldest of its protocols.
  terminal.onBinary((text) => type(Uint8Array.from(text, (one) => one.charCodeAt(0))));

  const paste = (text) => terminal.paste(pasteable(text));
  // In front of xterm.js, which pastes what it is given.
  element.addEventListener(
    'paste',
    (event) => {
      event.preventDefault();
      event.stopPropagation();
      paste(event.clipboardData.getData('text/plain'));
    },
    { capture: true },
  );

  return {
    paste,
    // xterm.js decodes the UTF-8, wherever it is cut.
    write: (bytes, done) => terminal.write(bytes, done),
    // Arrows are others where the guest has asked for it.
    press(key) {
      const { applicationCursorKeysMode } = terminal.modes;
      terminal.input(applicationCursorKeysMode ? key.replace('\x1b[', '\x1bO') : key);
    },
    focus: () => terminal.focus(),
    find: (text, { back = false, incremental = false } = {}) =>
      search[back ? 'findPrevious' : 'findNext'](text, {
        decorations: MATCHES,
        incremental,
      }),
    findNothing: () => search.clearDecorations(),
    onFound: (tell) => search.onDidChangeResults(tell),
    onKey: (handle) => terminal.attachCustomKeyEventHandler(handle),
    selection: () => terminal.getSelection(),
    text: () => textOf(terminal.buffer.active),
    readAloud(on) {
      terminal.options.screenReaderMode = on;
    },
    grow(by) {
      terminal.options.fontSize = clamp(terminal.options.fontSize + by);
      fit.fit();
      return terminal.options.fontSize;
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

function clamp(fontPx) {
  return Math.min(Math.max(fontPx, FONT_PX.smallest), FONT_PX.largest);
}

// The DOM renderer stays where WebGL is missing, fails, or is no faster.
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

// Whether WebGL is more than a program that imitates it on the processor.
function hasGpu() {
  const canvas = document.createElement('canvas');
  const webgl = canvas.getContext('webgl2', { failIfMajorPerformanceCaveat: true });
  const names = webgl?.getExtension('WEBGL_debug_renderer_info');
  const renderer = webgl?.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? webgl.RENDERER);
  webgl?.getExtension('WEBGL_lose_context')?.loseContext();
  return Boolean(webgl) && !/swiftshader|llvmpipe|software/i.test(renderer);
}

// Lines as they were printed: those that the width has cut are put together again.
function textOf(buffer) {
  const lines = [];
  for (let at = 0; at < buffer.length; at += 1) {
    const line = buffer.getLine(at);
    const text = line.translateToString(!buffer.getLine(at + 1)?.isWrapped);
    if (line.isWrapped) {
      lines[lines.length - 1] += text;
    } else {
      lines.push(text);
    }
  }
  return `${lines.join('\n').trimEnd()}\n`;
}
