// SPDX-License-Identifier: Apache-2.0
// The first script of a page: it removes the token from the address bar and the history
// before anything else is loaded.  It is not a module, because modules run later.
{
  const query = new URLSearchParams(location.search);
  const kept = new URLSearchParams(query);
  kept.delete('token');
  const search = kept.size ? `?${kept}` : '';
  history.replaceState(null, '', `${location.pathname}${search}`);
  // The page's module calls this once.
  globalThis.takeQuery = () => {
    delete globalThis.takeQuery;
    return query;
  };
}
