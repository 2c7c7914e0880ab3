// SPDX-License-Identifier: Apache-2.0

// What a terminal may be given of a text from elsewhere: control characters could end a
// bracketed paste and run what follows, or do what a key does.
export function pasteable(text) {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '');
}
