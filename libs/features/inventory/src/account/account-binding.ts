import { CONFIG, TOKEN_PURPOSES, type Config, type TokenPurpose } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { gauge } from '#libs/observability';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { AccountUnknownError, OtherAccountError } from './account.errors';
import { readProjectOwner, readProviderAccount, type CheckedToken, type ProviderAccount } from './provider-account';

/** A refused token is asked about again after this at the latest, however many sagas wait for a right one. */
const LONGEST_REFUSAL_MS = 60_000;
/** The account of its token is the one that the service is bound to, whichever purpose asks first. */
const BINDING: TokenPurpose = 'sync-fast';

interface PinnedAccount {
  readonly id: string;
  readonly provider_account_id: string;
  readonly identified_by: string;
  readonly project_owner_id: string | null;
}

/** A token of the bound account, and our id of that account. */
export interface BoundToken extends CheckedToken {
  readonly accountId: string;
}

type Checked = { readonly atMs: number } & (
  | { readonly accountId: string; readonly refusal?: never }
  | { readonly refusal: OtherAccountError | AccountUnknownError; readonly accountId?: never }
);

/**
 * Binds the service to one provider account (INV-6). Each token, known by its fingerprint, is checked when it is first used, and
 * again when the last check is older than `ACCOUNT_CHECK_MS`; callers that come meanwhile wait for that one check.
 */
@Injectable()
export class AccountBinding implements OnModuleInit {
  private readonly log = new Logger(AccountBinding.name);
  private readonly checked = new Map<string, Checked>();
  private readonly asking = new Map<string, Promise<Checked>>();

  constructor(
    private readonly database: Database,
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

  /** The purposes with a token that was found not to belong to the bound account, as far as this process has used it. Asks nothing. */
  get refusedPurposes(): TokenPurpose[] {
    return this.readings().flatMap(({ labels, value }) => (value === 1 ? [labels.purpose] : []));
  }

  /** Our id of the account. Throws `OtherAccountError` before anything is written for a token of another one. */
  async verify(purpose: TokenPurpose): Promise<string> {
    return (await this.check(purpose)).accountId;
  }

  /** The token of a purpose: a call that names its fingerprint is sent with no other. Throws as `verify` does. */
  async check(purpose: TokenPurpose): Promise<BoundToken> {
    const fingerprint = this.provider.tokenFingerprint(purpose);
    const known = this.checked.get(fingerprint);
    const checked = known && this.isFresh(known) ? known : await this.ask({ purpose, fingerprint });
    if (checked.refusal) throw checked.refusal;
    return { purpose, fingerprint, accountId: checked.accountId };
  }

  /** During a sweep: the same check, unless it is due before every sweep only (`ACCOUNT_CHECK_MS` 0). */
  async reverify(purpose: TokenPurpose): Promise<void> {
    if (this.config.provider.accountCheckMs > 0) await this.verify(purpose);
  }

  private isFresh({ atMs, refusal }: Checked): boolean {
    const { accountCheckMs } = this.config.provider;
    return performance.now() - atMs < (refusal ? Math.min(accountCheckMs, LONGEST_REFUSAL_MS) : accountCheckMs);
  }

  private ask(token: CheckedToken): Promise<Checked> {
    const { fingerprint } = token;
    const asked = this.asking.get(fingerprint) ?? this.answerOf(token).finally(() => this.asking.delete(fingerprint));
    this.asking.set(fingerprint, asked);
    return asked;
  }

  private async answerOf(token: CheckedToken): Promise<Checked> {
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

  /** Records in `cloud_accounts` that billing has just read the account's whole billing history. */
  async recordBillingHistoryRead(on: Queryable, accountId: string): Promise<void> {
    await on.query('update cloud_accounts set billing_history_read_at = clock_timestamp() where id = $1', [accountId]);
  }

  private async match(token: CheckedToken): Promise<string> {
    const answered = await readProviderAccount(this.provider, token);
    const pinned = (await this.pinned()) ?? (await this.pinFirst(token, answered));
    const byOwner = pinned.identified_by === 'project_owner' || answered.identifiedBy === 'project_owner';
    const same = byOwner
      ? (answered.projectOwnerId ?? (await readProjectOwner(this.provider, token))) === pinned.project_owner_id
      : answered.id === pinned.provider_account_id;
    if (!same) throw new OtherAccountError();
    return pinned.id;
  }

  /** The owner of the default project is noted too, so that a token that may not read `/v2/account` can be recognised later. */
  private async pinFirst(token: CheckedToken, answered: ProviderAccount): Promise<PinnedAccount> {
    if (this.provider.tokenFingerprint(BINDING) === token.fingerprint) {
      const owner = answered.projectOwnerId ?? (await readProjectOwner(this.provider, token)) ?? null;
      await this.database.query(
        `insert into cloud_accounts (provider_account_id, identified_by, project_owner_id, name) values ($1, $2, $3, $4) on conflict (provider) do nothing`,
        [answered.id, answered.identifiedBy, owner, answered.name],
      );
    } else await this.verify(BINDING);
    const pinned = await this.pinned();
    if (!pinned) throw new OtherAccountError();
    return pinned;
  }

  private async pinned(): Promise<PinnedAccount | undefined> {
    const rows = await this.database.query<PinnedAccount>(
      `select id, provider_account_id, identified_by, project_owner_id from cloud_accounts where provider = 'digitalocean'`,
    );
    return rows[0];
  }

  private readings(): { labels: { purpose: TokenPurpose }; value: number }[] {
    if (!this.provider.configured) return [];
    return TOKEN_PURPOSES.flatMap((purpose) => {
      const checked = this.checked.get(this.provider.tokenFingerprint(purpose));
      return checked ? [{ labels: { purpose }, value: checked.refusal ? 1 : 0 }] : [];
    });
  }
}
