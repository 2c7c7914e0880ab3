// SPDX-License-Identifier: Apache-2.0
// What our page loads of spice-html5.  The build bundles it with all that it imports;
// for a directory of spice-html5, it is served as it is.
export { Constants } from './enums.js';
export { SpiceMainConn } from './main.js';
export { SpiceMiniData, SpiceMsgcKeyDown, SpiceMsgcKeyUp } from './spicemsg.js';
