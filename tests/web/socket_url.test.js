// SPDX-License-Identifier: Apache-2.0
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { nextTo, sameAs } from '../../console_ext/proxy/web/socket_url.js';

for (const [page, socket] of [
  ['http://host:6083/', 'ws://host:6083/'],
  ['https://host/serial', 'wss://host/serial'],
  ['https://host/a/b?title=x&token=t#top', 'wss://host/a/b'],
  ['https://[2001:db8::1]:6083/', 'wss://[2001:db8::1]:6083/'],
]) {
  test(`the console of ${page}`, () => {
    assert.equal(String(sameAs(page)), socket);
  });
}

for (const [page, socket] of [
  ['http://host:6080/vnc_lite.html', 'ws://host:6080/'],
  ['https://host/consoles/spice_auto.html?title=x#top', 'wss://host/consoles/'],
]) {
  test(`next to ${page}`, () => {
    assert.equal(String(nextTo(page)), socket);
  });
}

for (const [path, socket] of [
  ['websockify', 'wss://host/websockify'],
  ['/a/b', 'wss://host/a/b'],
  ['//other/a', 'wss://host//other/a'],
  ['https://other/a', 'wss://host/https://other/a'],
  ['\\\\other\\a', 'wss://host//other/a'],
  ['@other/a?b#c', 'wss://host/@other/a%3Fb%23c'],
]) {
  test(`the path ${path} is on the same host`, () => {
    assert.equal(String(nextTo('https://host/vnc/vnc_lite.html?x#y', path)), socket);
  });
}
