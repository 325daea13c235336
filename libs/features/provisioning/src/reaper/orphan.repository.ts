import { Database } from '#libs/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Orphan } from '../entities/orphan.entity';
import type { FoundOrphan } from './find-orphans';

/** The only writer of `cloud_strays`: the orphans that the reaper found, and when it requested their deletion. */
@Injectable()
export class OrphanRepository {
  constructor(
    private readonly database: Database,
    @InjectRepository(Orphan) private readonly orphans: Repository<Orphan>,
  ) {}

  /**
   * Returns the orphans that are new or have another reason by now. Marks the known orphans of these kinds that were not found again as
   * deleted.
   */
  async recordFound(orphans: readonly FoundOrphan[], kinds: readonly string[]): Promise<Pick<Orphan, 'providerId'>[]> {
    return this.database.query<Pick<Orphan, 'providerId'>>(RECORD_FOUND, [JSON.stringify(orphans), kinds]);
  }

  /** Records one orphan before its deletion is requested. */
  async add({ kind, providerId, sagaId, reason }: FoundOrphan): Promise<void> {
    await this.orphans.createQueryBuilder().insert().values({ kind, providerId, sagaId, reason }).orIgnore().updateEntity(false).execute();
  }

  async markDeleteRequested({ kind, providerId }: FoundOrphan): Promise<void> {
    await this.orphans.update({ kind, providerId }, { askedAt: () => 'clock_timestamp()' });
  }
}

/** $1 orphans as JSON rows, $2 kinds that were listed. Set-based: records all orphans of a run. */
const RECORD_FOUND = `
with found as (select * from json_to_recordset($1::json) as o(kind text, "providerId" text, "sagaId" uuid, reason text)),
deleted as (
  update cloud_strays t set gone_at = clock_timestamp()
   where t.gone_at is null and t.kind = any ($2::text[]) and not exists (select 1 from found where found.kind = t.kind and found."providerId" = t.provider_id))
insert into cloud_strays as t (kind, provider_id, saga_id, reason) select kind, "providerId", "sagaId", reason from found
on conflict (kind, provider_id) do update set reason = excluded.reason, gone_at = null where t.reason <> excluded.reason or t.gone_at is not null
returning provider_id as "providerId"`;
