// SPDX-License-Identifier: Apache-2.0
// What our pages use, and the types of browsers do not declare.

/** What the first script of a page took from its address; it can be called once. */
declare var takeAddress: () => { token: string | null; query: URLSearchParams };

interface Navigator {
  /** https://wicg.github.io/keyboard-lock; not in every browser, and only with TLS. */
  readonly keyboard?: { lock(codes: string[]): Promise<void> };
}
