// SPDX-License-Identifier: Apache-2.0

// Removes control characters from a pasted text: they could act like keys, or end a
// bracketed paste, so that the rest of the text runs as commands.
export function pasteable(text) {
  return text.replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]/g, '');
}
