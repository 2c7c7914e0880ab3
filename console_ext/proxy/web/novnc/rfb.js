// SPDX-License-Identifier: Apache-2.0
// What our page loads of noVNC.  The build bundles it with all that it imports; for a
// directory of noVNC, it is served as it is.
export { default } from './core/rfb.js';
