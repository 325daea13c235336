import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import type { Orphan } from './decide-strays';

/** The only writer of `cloud_strays`: what was found that no saga accounts for, and what became of it. */
@Injectable()
export class OrphanRepository {
  constructor(private readonly database: Database) {}

  /** Answers those that were not known, or stand there for another reason now. What is no longer found of these kinds is gone. */
  async found(strays: readonly Orphan[], kinds: readonly string[]): Promise<{ providerId: string }[]> {
    return this.database.query<{ providerId: string }>(FOUND, [JSON.stringify(strays), kinds]);
  }

  /** One that is asked away at once. */
  async noted({ kind, providerId, sagaId, reason }: Orphan): Promise<void> {
    await this.database.query(
      'insert into cloud_strays (kind, provider_id, saga_id, reason) values ($1, $2, $3, $4) on conflict do nothing',
      [kind, providerId, sagaId, reason],
    );
  }

  async askedAway({ kind, providerId }: Orphan): Promise<void> {
    await this.database.query('update cloud_strays set asked_at = clock_timestamp() where kind = $1 and provider_id = $2', [
      kind,
      providerId,
    ]);
  }
}

/** $1 strays as JSON rows, $2 kinds that were looked through. */
const FOUND = `
with seen as (select * from json_to_recordset($1::json) as s(kind text, "providerId" text, "sagaId" uuid, reason text)),
gone as (
  update cloud_strays t set gone_at = clock_timestamp()
   where t.gone_at is null and t.kind = any ($2::text[]) and not exists (select 1 from seen where seen.kind = t.kind and seen."providerId" = t.provider_id))
insert into cloud_strays as t (kind, provider_id, saga_id, reason) select kind, "providerId", "sagaId", reason from seen
on conflict (kind, provider_id) do update set reason = excluded.reason, gone_at = null where t.reason <> excluded.reason or t.gone_at is not null
returning provider_id as "providerId"`;
