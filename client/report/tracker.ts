/** Where people tell about problems. Pure. */

/** @param manifest `package.json` of the extension @returns undefined: it names no tracker on the web */
export function newIssuePage(manifest: unknown): string | undefined {
  const { bugs } = (manifest ?? {}) as { readonly bugs?: string | { readonly url?: string } };
  const url = typeof bugs === 'string' ? bugs : bugs?.url;
  if (url === undefined || !/^https:\/\//.test(url)) return undefined;
  // GitHub, GitLab and their kind.
  return /\/issues\/?$/.test(url) ? `${url.replace(/\/$/, '')}/new` : url;
}
