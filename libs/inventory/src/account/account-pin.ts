import { CONFIG, type Config, type TokenPurpose } from '#libs/config';
import { Database, type Queryable } from '#libs/database';
import { DigitalOcean } from '#libs/digitalocean';
import { Inject, Injectable } from '@nestjs/common';
import { OtherAccountError } from './account.error';
import { readProjectOwner, readProviderAccount, type ProviderAccount } from './provider-account';

interface PinnedAccount {
  readonly id: string;
  readonly provider_account_id: string;
  readonly identified_by: string;
  readonly project_owner_id: string | null;
}

/**
 * Binds the service to the provider account that its first token belonged to (INV-6). Each token is asked which account it
 * belongs to when it is first used, and again when the last answer is older than `ACCOUNT_CHECK_MS`. The only writer of `cloud_accounts`.
 */
@Injectable()
export class AccountBinding {
  private readonly checked = new Map<string, { accountId: string; atMs: number }>();

  constructor(
    private readonly database: Database,
    private readonly provider: DigitalOcean,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Our id of the account. Throws `OtherAccountError` before anything is written for a token of another one. */
  async verify(purpose: TokenPurpose): Promise<string> {
    const token = this.provider.tokenFingerprint(purpose);
    const last = this.checked.get(token);
    if (last && performance.now() - last.atMs < this.config.provider.accountCheckMs) return last.accountId;
    this.checked.delete(token);
    const atMs = performance.now();
    const accountId = await this.match(purpose, await readProviderAccount(this.provider, purpose));
    this.checked.set(token, { accountId, atMs });
    return accountId;
  }

  /** During a sweep: the same check, unless it is due before every sweep only (`ACCOUNT_CHECK_MS` 0). */
  async reverify(purpose: TokenPurpose): Promise<void> {
    if (this.config.provider.accountCheckMs > 0) await this.verify(purpose);
  }

  /** Records in `cloud_accounts` that billing has just read the account's whole billing history. */
  async recordBillingHistoryRead(on: Queryable, accountId: string): Promise<void> {
    await on.query('update cloud_accounts set billing_history_read_at = clock_timestamp() where id = $1', [accountId]);
  }

  private async match(purpose: TokenPurpose, answered: ProviderAccount): Promise<string> {
    const pinned = (await this.pinned()) ?? (await this.pinFirst(purpose, answered));
    const byOwner = pinned.identified_by === 'project_owner' || answered.identifiedBy === 'project_owner';
    const same = byOwner
      ? (answered.projectOwnerId ?? (await readProjectOwner(this.provider, purpose))) === pinned.project_owner_id
      : answered.id === pinned.provider_account_id;
    if (!same) throw new OtherAccountError();
    return pinned.id;
  }

  /** The owner of the default project is noted too, so that a token that may not read `/v2/account` can be recognised later. */
  private async pinFirst(purpose: TokenPurpose, answered: ProviderAccount): Promise<PinnedAccount> {
    const owner = answered.projectOwnerId ?? (await readProjectOwner(this.provider, purpose)) ?? null;
    await this.database.query(
      `insert into cloud_accounts (provider_account_id, identified_by, project_owner_id, name) values ($1, $2, $3, $4) on conflict (provider) do nothing`,
      [answered.id, answered.identifiedBy, owner, answered.name],
    );
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
}
