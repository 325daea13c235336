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
import { AccountUnknownError } from './account.errors';

/** A token by the purpose that uses it and by its fingerprint: an exchanged one is another. */
export interface CheckedToken {
  readonly purpose: TokenPurpose;
  readonly fingerprint: string;
}

/** What a token says about the account behind it. */
export interface ProviderAccount {
  /** The first that the provider tells of: its team, the account itself, the owner of its default project. */
  readonly id: string;
  readonly identifiedBy: 'team' | 'account' | 'project_owner';
  readonly projectOwnerId: string | null;
  readonly name: string | null;
}

/** Asks the provider which account a token belongs to. A scoped token may be refused `/v2/account`; the default project still tells. */
export async function readProviderAccount(provider: DigitalOcean, { purpose, fingerprint }: CheckedToken): Promise<ProviderAccount> {
  const account = await tolerateRefusal(provider.get({ purpose, fingerprint, path: '/v2/account', key: 'account', parse: parseAccount }));
  if (account) return { ...account, projectOwnerId: null };
  const owner = await readProjectOwner(provider, { purpose, fingerprint });
  if (owner === undefined) throw new AccountUnknownError();
  return { id: owner, identifiedBy: 'project_owner', projectOwnerId: owner, name: null };
}

/** The owner of the default project, undefined when the token may not see it or the provider does not say. */
export async function readProjectOwner(provider: DigitalOcean, { purpose, fingerprint }: CheckedToken): Promise<string | undefined> {
  const parse = (raw: unknown) => optionalText(record(raw, 'project'), 'owner_uuid');
  const asked = provider.get({ purpose, fingerprint, path: '/v2/projects/default', key: 'project', parse });
  return (await tolerateRefusal(asked)) ?? undefined;
}

function parseAccount(raw: unknown): Pick<ProviderAccount, 'id' | 'identifiedBy' | 'name'> {
  const account = record(raw, 'account');
  const team = optionalRecord(account.team, 'team');
  return team
    ? { id: text(team, 'uuid'), identifiedBy: 'team', name: optionalText(team, 'name') }
    : { id: text(account, 'uuid'), identifiedBy: 'account', name: optionalText(account, 'name') };
}

async function tolerateRefusal<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof ForbiddenByProviderError || error instanceof NotFoundAtProviderError) return undefined;
    throw error;
  }
}
