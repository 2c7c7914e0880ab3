// SPDX-License-Identifier: Apache-2.0
// What our modules use of the packages that the build fetches.

declare module '*/xterm/lib/xterm.mjs' {
  export * from '@xterm/xterm';
}

declare module '*/addon-fit/lib/addon-fit.mjs' {
  export * from '@xterm/addon-fit';
}

declare module '*/addon-search/lib/addon-search.mjs' {
  export * from '@xterm/addon-search';
}

declare module '*/addon-unicode11/lib/addon-unicode11.mjs' {
  export * from '@xterm/addon-unicode11';
}

declare module '*/addon-web-links/lib/addon-web-links.mjs' {
  export * from '@xterm/addon-web-links';
}

declare module '*/addon-webgl/lib/addon-webgl.mjs' {
  export * from '@xterm/addon-webgl';
}
