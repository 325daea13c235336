/** Headers of a request that name the page that made it. */
export interface RequestOrigin {
  readonly secFetchSite: string | undefined;
  readonly origin: string | undefined;
  readonly host: string | undefined;
}

/**
 * True when a page of this origin made the request. Browsers send `Sec-Fetch-Site` (only over https and on loopback) and
 * `Origin` (with every action). At least one must be present, and each present one must agree. `same-site` is not enough: a
 * tenant's site may share the domain. Only the host is compared, because TLS may end in front of this process.
 */
export function isSameOrigin({ secFetchSite, origin, host }: RequestOrigin): boolean {
  if (secFetchSite === undefined && origin === undefined) return false;
  if (secFetchSite !== undefined && secFetchSite !== 'same-origin') return false;
  return origin === undefined || (host !== undefined && URL.canParse(origin) && new URL(origin).host === host.toLowerCase());
}
