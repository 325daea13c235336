import { CONFIG, TOKEN_PURPOSES, type Config, type TokenPurpose } from '#libs/config';
import {
  DigitalOcean,
  ForbiddenByProviderError,
  NotFoundAtProviderError,
  optionalRecord,
  optionalText,
  record,
  text,
  ProviderError,
  TokenRejectedError,
  type GetRequest,
  type ListPage,
  type ListRequest,
  type SendRequest,
} from '#libs/digitalocean';
import { gauge } from '#libs/observability';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { AccountUnknownError, OtherAccountError, AccountNotCheckedError } from './accounts.errors';
import { CloudAccount } from './entities/cloud-account.entity';

/** A refused token is checked again after at most this time, however many sagas wait for a token of the right account. */
const LONGEST_REFUSAL_MS = 60_000;
/** The service is bound to the account of this purpose's token, whichever purpose is checked first. */
const BINDING_PURPOSE: TokenPurpose = 'sync-fast';

/** A token, by the purpose that uses it and by its fingerprint. A rotated token has another fingerprint. */
interface CheckedToken {
  readonly purpose: TokenPurpose;
  readonly fingerprint: string;
}

/** The account that a token belongs to. */
interface ProviderAccount {
  /** The first id that the provider returns: of the team, of the account, or of the owner of the default project. */
  readonly id: string;
  readonly identifiedBy: 'team' | 'account' | 'project_owner';
  readonly projectOwnerId: string | null;
  readonly name: string | null;
}

/** A token of the bound account, with our id of that account. */
export interface BoundToken extends CheckedToken {
  readonly accountId: string;
}

type Checked = { readonly atMs: number } & (
  | { readonly accountId: string; readonly refusal?: never }
  | { readonly refusal: OtherAccountError | AccountUnknownError; readonly accountId?: never }
);

/**
 * Binds the service to one provider account. Each token, identified by its fingerprint, is checked on its first use and again when the last
 * check is older than `ACCOUNT_CHECK_MS`. Concurrent callers wait for the same check. [INV-6]
 */
@Injectable()
export class AccountBinding implements OnModuleInit {
  private readonly log = new Logger(AccountBinding.name);
  private readonly checked = new Map<string, Checked>();
  private readonly pending = new Map<string, Promise<Checked>>();

  constructor(
    @InjectRepository(CloudAccount) private readonly accounts: Repository<CloudAccount>,
    private readonly provider: DigitalOcean,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  onModuleInit(): void {
    gauge(
      'arcadia_provider_account_refused',
      '1 while the token of a purpose belongs to another account than the service is bound to, or does not show its account; absent: not checked',
      ['purpose'],
      async () => this.readings(),
    );
  }

  /** The purposes with a token that this process has checked and refused. Sends no request. */
  get refusedPurposes(): TokenPurpose[] {
    return this.readings().flatMap(({ labels, value }) => (value === 1 ? [labels.purpose] : []));
  }

  /** Returns our id of the account. Throws `OtherAccountError` for a token of another account, before anything is written. */
  async verify(purpose: TokenPurpose): Promise<string> {
    return (await this.check(purpose)).accountId;
  }

  /** Returns the checked token of a purpose. A call that names its fingerprint is sent with no other token. Throws as `verify` does. */
  async check(purpose: TokenPurpose): Promise<BoundToken> {
    const fingerprint = this.provider.tokenFingerprint(purpose);
    const known = this.checked.get(fingerprint);
    const checked = known && this.isFresh(known) ? known : await this.checkOnce({ purpose, fingerprint });
    if (checked.refusal) throw checked.refusal;
    return { purpose, fingerprint, accountId: checked.accountId };
  }

  /** Checks again during a sweep. With `ACCOUNT_CHECK_MS` 0 tokens are checked at the start of each sweep only. */
  async reverify(purpose: TokenPurpose): Promise<void> {
    if (this.config.provider.accountCheckMs > 0) await this.verify(purpose);
  }

  private isFresh({ atMs, refusal }: Checked): boolean {
    const { accountCheckMs } = this.config.provider;
    return performance.now() - atMs < (refusal ? Math.min(accountCheckMs, LONGEST_REFUSAL_MS) : accountCheckMs);
  }

  private checkOnce(token: CheckedToken): Promise<Checked> {
    const { fingerprint } = token;
    const pending = this.pending.get(fingerprint) ?? this.checkAtProvider(token).finally(() => this.pending.delete(fingerprint));
    this.pending.set(fingerprint, pending);
    return pending;
  }

  private async checkAtProvider(token: CheckedToken): Promise<Checked> {
    const { purpose, fingerprint } = token;
    const wasRefused = this.checked.get(fingerprint)?.refusal !== undefined;
    if (!wasRefused) this.checked.delete(fingerprint);
    const atMs = performance.now();
    const checked = await this.match(token).then(
      (accountId): Checked => ({ atMs, accountId }),
      (refusal: unknown): Checked => {
        if (refusal instanceof OtherAccountError || refusal instanceof AccountUnknownError) return { atMs, refusal };
        throw refusal;
      },
    );
    this.checked.set(fingerprint, checked);
    const line = { purpose, token: fingerprint };
    if (checked.refusal && !wasRefused) this.log.error({ event: 'provider_account_refused', ...line, code: checked.refusal.code });
    if (!checked.refusal && wasRefused) this.log.log({ event: 'provider_account_accepted', ...line });
    return checked;
  }

  /** Records in `cloud_accounts` that provider-billing has just read the account's whole billing history. */
  async recordBillingHistoryRead(accountId: string): Promise<void> {
    await this.accounts.update({ id: accountId }, { billingHistoryReadAt: () => 'clock_timestamp()' });
  }

  private async match(token: CheckedToken): Promise<string> {
    const account = await readProviderAccount(this.provider, token);
    const bound = (await this.boundAccount()) ?? (await this.bindFirst(token, account));
    const byOwner = bound.identifiedBy === 'project_owner' || account.identifiedBy === 'project_owner';
    const same = byOwner
      ? (account.projectOwnerId ?? (await readProjectOwner(this.provider, token))) === bound.projectOwnerId
      : account.id === bound.providerAccountId;
    if (!same) throw new OtherAccountError();
    return bound.id;
  }

  /** Stores the owner of the default project too, so that a token that may not read `/v2/account` can be matched later. */
  private async bindFirst(token: CheckedToken, account: ProviderAccount): Promise<CloudAccount> {
    if (this.provider.tokenFingerprint(BINDING_PURPOSE) === token.fingerprint) {
      const owner = account.projectOwnerId ?? (await readProjectOwner(this.provider, token)) ?? null;
      const { id: providerAccountId, identifiedBy, name } = account;
      const first = { providerAccountId, identifiedBy, projectOwnerId: owner, name };
      await this.accounts.createQueryBuilder().insert().values(first).orIgnore().updateEntity(false).execute();
    } else await this.verify(BINDING_PURPOSE);
    const bound = await this.boundAccount();
    if (!bound) throw new OtherAccountError();
    return bound;
  }

  private boundAccount(): Promise<CloudAccount | null> {
    return this.accounts.findOneBy({ provider: 'digitalocean' });
  }

  private readings(): { labels: { purpose: TokenPurpose }; value: number }[] {
    if (!this.provider.configured) return [];
    return TOKEN_PURPOSES.flatMap((purpose) => {
      const checked = this.checked.get(this.provider.tokenFingerprint(purpose));
      return checked ? [{ labels: { purpose }, value: checked.refusal ? 1 : 0 }] : [];
    });
  }
}

/**
 * Reads the account that a token belongs to. A scoped token may get a 403 for `/v2/account`; then the default project's owner identifies
 * it.
 */
async function readProviderAccount(provider: DigitalOcean, { purpose, fingerprint }: CheckedToken): Promise<ProviderAccount> {
  const account = await undefinedIfRefused(
    provider.get({ purpose, fingerprint, path: '/v2/account', key: 'account', parse: parseAccount }),
  );
  if (account) return { ...account, projectOwnerId: null };
  const owner = await readProjectOwner(provider, { purpose, fingerprint });
  if (owner === undefined) throw new AccountUnknownError();
  return { id: owner, identifiedBy: 'project_owner', projectOwnerId: owner, name: null };
}

/** The owner of the default project. Undefined when the token may not read the project, or the provider does not return its owner. */
async function readProjectOwner(provider: DigitalOcean, { purpose, fingerprint }: CheckedToken): Promise<string | undefined> {
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

/**
 * The provider's client for calls that must reach the bound account or none: it writes nothing to another account and trusts no response of
 * one, such as a 404. The check costs one call per token and `ACCOUNT_CHECK_MS`. Throws `AccountNotCheckedError` besides the client's
 * errors. [INV-6]
 */
@Injectable()
export class BoundProvider {
  constructor(
    private readonly provider: DigitalOcean,
    private readonly binding: AccountBinding,
  ) {}

  /** The pages of a list, all read with the token that was checked. */
  async *list<T>(request: ListRequest<T>): AsyncGenerator<ListPage<T>, void, void> {
    const { fingerprint } = await this.token(request.purpose);
    yield* this.provider.list({ ...request, fingerprint });
  }

  async get<T>(request: GetRequest<T>): Promise<T> {
    const { fingerprint } = await this.token(request.purpose);
    return this.provider.get({ ...request, fingerprint });
  }

  /** Sends one write; it is never repeated. */
  async send<T = void>(request: SendRequest<T>): Promise<T> {
    const { fingerprint } = await this.token(request.purpose);
    return this.provider.send({ ...request, fingerprint });
  }

  /** The checked token of a purpose. A token that the provider rejects throws `TokenRejectedError`. */
  async token(purpose: TokenPurpose): Promise<BoundToken> {
    try {
      return await this.binding.check(purpose);
    } catch (error) {
      if (error instanceof OtherAccountError || error instanceof AccountUnknownError) throw AccountNotCheckedError.refused(error);
      if (error instanceof TokenRejectedError || !(error instanceof ProviderError)) throw error;
      throw AccountNotCheckedError.unanswered(error);
    }
  }
}
