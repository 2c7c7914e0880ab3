// SPDX-License-Identifier: Apache-2.0
// The first script of a page: it removes the token from the address bar and the history
// before anything else is loaded.  It is not a module, because modules run later.
{
  const query = new URLSearchParams(location.search);
  // In the URL of a VNC console, the path of the WebSocket contains the token.
  const [path, fields] = (query.get('path') ?? '').split('?', 2);
  const token = new URLSearchParams(fields).get('token') || query.get('token');

  query.delete('token');
  if (path) {
    query.set('path', path);
  } else {
    query.delete('path');
  }
  const search = query.size ? `?${query}` : '';
  history.replaceState(history.state, '', `${location.pathname}${search}`);

  // The page's module calls this once.
  globalThis.takeAddress = () => {
    Reflect.deleteProperty(globalThis, 'takeAddress');
    return { token, query };
  };
}
