import { ProviderError } from '../provider.error';

/**
 * No call was made: its path would not arrive as it was written. An id that is no id, such as `..` (no encoding helps: URLs take
 * `%2e%2e` for the same), or a mistake in our own code. Says nothing about the object: to the provider it may well exist.
 */
export class UnusablePathError extends ProviderError {
  readonly code = 'unusable_path';
  readonly category = 'invalid';

  constructor() {
    super('There is no such path at DigitalOcean');
  }
}

/**
 * The only place where a provider URL is made (TEN-8). What an id contains cannot lead elsewhere: a path that URL parsing
 * would change (`..`, `//host`, `?`, `#`, a backslash) is refused.
 */
export function requestUrl(base: string, path: string, query: Readonly<Record<string, string>> = {}): string {
  if (!path.startsWith('/v2/')) throw new UnusablePathError();
  const root = new URL(base);
  const prefix = root.pathname.replace(/\/+$/, '');
  const url = new URL(`${root.origin}${prefix}${path}`);
  if (url.origin !== root.origin || url.pathname !== prefix + path || url.search !== '' || url.hash !== '') {
    throw new UnusablePathError();
  }
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  return url.href;
}
