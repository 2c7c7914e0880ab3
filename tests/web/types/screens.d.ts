// SPDX-License-Identifier: Apache-2.0
// What our pages use of the libraries for screens, which have no types.

// https://github.com/novnc/noVNC/blob/master/docs/API.md
declare module '*/novnc/rfb.js' {
  export default class RFB {
    constructor(target: HTMLElement, channel: WebSocket);
    background: string;
    resizeSession: boolean;
    scaleViewport: boolean;
    viewOnly: boolean;
    addEventListener(type: string, listener: (event: CustomEvent) => void): void;
    disconnect(): void;
    focus(): void;
    sendKey(keysym: number, code: string | null | undefined, down: boolean): void;
  }
}

declare module '*/spice-html5/spice.js' {
  export const Constants: Record<
    | 'SPICE_LINK_ERR_PERMISSION_DENIED'
    | 'SPICE_MSGC_INPUTS_KEY_DOWN'
    | 'SPICE_MSGC_INPUTS_KEY_UP',
    number
  >;

  /** A channel, with what it was answered. */
  export class SpiceConn {
    state: string;
    timeout?: number;
    reply_link?: { error: number };
    auth_reply?: { auth_code: number };
    send_msg(message: SpiceMiniData): void;
  }

  export class SpiceMainConn extends SpiceConn {
    constructor(options: {
      uri: string;
      screen_id: string;
      password: string;
      onerror: () => void;
      onagent: () => void;
    });
    display?: SpiceConn;
    inputs?: SpiceConn;
    resize_window(
      flags: number,
      width: number,
      height: number,
      depth: number,
      x: number,
      y: number,
    ): void;
  }

  export class SpiceMiniData {
    build_msg(kind: number, body: SpiceMsgcKeyDown | SpiceMsgcKeyUp): void;
  }

  export class SpiceMsgcKeyDown {
    code: number;
  }

  export class SpiceMsgcKeyUp {
    code: number;
  }
}
