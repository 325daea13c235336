import { NotFoundAtProviderError, ProviderError, TokenRejectedError } from '#libs/digitalocean';

/** What asking the provider for one object by id has proved. `unknown`: nothing; the next complete sweep that misses it asks again. */
export type AskedById<T> = { readonly proved: 'alive'; readonly object: T } | { readonly proved: 'gone' | 'unknown' };

/** One object that cannot be asked for must not keep the others from being settled; a rejected token ends everything. */
export async function askedById<T>(asked: Promise<T>): Promise<AskedById<T>> {
  try {
    return { proved: 'alive', object: await asked };
  } catch (error) {
    if (error instanceof NotFoundAtProviderError) return { proved: 'gone' };
    if (error instanceof ProviderError && !(error instanceof TokenRejectedError)) return { proved: 'unknown' };
    throw error;
  }
}
