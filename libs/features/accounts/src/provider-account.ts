import type { TokenPurpose } from '#libs/config';
import {
  DigitalOcean,
  ForbiddenByProviderError,
  NotFoundAtProviderError,
  optionalRecord,
  optionalText,
  record,
  text,
} from '#libs/digitalocean';
import { AccountUnknownError } from './accounts.errors';

/** A token, by the purpose that uses it and by its fingerprint. A rotated token has another fingerprint. */
export interface CheckedToken {
  readonly purpose: TokenPurpose;
  readonly fingerprint: string;
}

/** The account that a token belongs to. */
export interface ProviderAccount {
  /** The first id that the provider returns: of the team, of the account, or of the owner of the default project. */
  readonly id: string;
  readonly identifiedBy: 'team' | 'account' | 'project_owner';
  readonly projectOwnerId: string | null;
  readonly name: string | null;
}

/**
 * Reads the account that a token belongs to. A scoped token may get a 403 for `/v2/account`; then the default project's owner identifies
 * it.
 */
export async function readProviderAccount(provider: DigitalOcean, { purpose, fingerprint }: CheckedToken): Promise<ProviderAccount> {
  const account = await undefinedIfRefused(
    provider.get({ purpose, fingerprint, path: '/v2/account', key: 'account', parse: parseAccount }),
  );
  if (account) return { ...account, projectOwnerId: null };
  const owner = await readProjectOwner(provider, { purpose, fingerprint });
  if (owner === undefined) throw new AccountUnknownError();
  return { id: owner, identifiedBy: 'project_owner', projectOwnerId: owner, name: null };
}

/** The owner of the default project. Undefined when the token may not read the project, or the provider does not return its owner. */
export async function readProjectOwner(provider: DigitalOcean, { purpose, fingerprint }: CheckedToken): Promise<string | undefined> {
  const parse = (raw: unknown) => optionalText(record(raw, 'project'), 'owner_uuid');
  const asked = provider.get({ purpose, fingerprint, path: '/v2/projects/default', key: 'project', parse });
  return (await undefinedIfRefused(asked)) ?? undefined;
}

function parseAccount(raw: unknown): Pick<ProviderAccount, 'id' | 'identifiedBy' | 'name'> {
  const account = record(raw, 'account');
  const team = optionalRecord(account.team, 'team');
  return team
    ? { id: text(team, 'uuid'), identifiedBy: 'team', name: optionalText(team, 'name') }
    : { id: text(account, 'uuid'), identifiedBy: 'account', name: optionalText(account, 'name') };
}

async function undefinedIfRefused<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ForbiddenByProviderError || error instanceof NotFoundAtProviderError) return undefined;
    throw error;
  }
}
