// SPDX-License-Identifier: Apache-2.0
// The first script of a page: it takes the token out of the address bar and the history,
// before anything else is loaded.  No module, because those run when the page is parsed.
{
  const query = new URLSearchParams(location.search);
  const kept = new URLSearchParams(query);
  kept.delete('token');
  const search = kept.size ? `?${kept}` : '';
  history.replaceState(null, '', `${location.pathname}${search}`);
  // Read once, by the page's module.
  globalThis.takeQuery = () => {
    delete globalThis.takeQuery;
    return query;
  };
}
