/** What a request says about the page that made it. */
export interface RequestOrigin {
  readonly secFetchSite: string | undefined;
  readonly origin: string | undefined;
  readonly host: string | undefined;
}

/**
 * True when a page of this very origin made the request. Browsers say so in `Sec-Fetch-Site` (only over https and on loopback) or in `Origin`
 * (with every action); each that is there must agree, and one must be there. `same-site` is not enough: a tenant's site may be
 * our neighbour. Only the host is compared, because TLS may end before us.
 */
export function isSameOrigin({ secFetchSite, origin, host }: RequestOrigin): boolean {
  if (secFetchSite === undefined && origin === undefined) return false;
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin') return false;
  return origin === undefined || (host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase());
}
