import { AuditLog, ChainSealer, verifyChain, type ChainHead, type Finding, type Verified } from '#libs/audit';
import { dataSourceOn, withSession, type Database, type Session } from '#libs/database';
import { APPEND_ONLY_STREAMS } from '#libs/inventory';
import { Client } from 'pg';
import { aDatabase } from './a-database';
import { createTestDatabase, type TestDatabase } from './database';
import { AuditEntry } from '../../libs/platform/audit/src/entities/audit-entry.entity';
import { ChainLink } from '../../libs/platform/audit/src/entities/chain-link.entity';

export interface Verification extends Verified {
  readonly findings: readonly Finding[];
}

/** A database with a recorder, an audit log, a sealer and a superuser connection that can tamper with every table. */
export class ChainWorld {
  private constructor(
    readonly stored: TestDatabase,
    readonly database: Database,
    readonly superuser: Client,
    readonly audit: AuditLog,
    readonly sealer: ChainSealer,
  ) {}

  static async open(): Promise<ChainWorld> {
    const stored = await createTestDatabase();
    const superuser = new Client({ connectionString: stored.ownerUrl });
    await superuser.connect();
    const database = aDatabase(stored.appUrl);
    const source = dataSourceOn(database.platformPool, { database: 'any', entities: [AuditEntry, ChainLink] });
    await source.initialize();
    const audit = new AuditLog(source.getRepository(AuditEntry));
    return new ChainWorld(stored, database, superuser, audit, new ChainSealer(database, source.getRepository(ChainLink)));
  }

  /** Commits one transaction that adds this many events and one audit log entry. */
  async work(events: number, note = 'worked'): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.query(ADD_EVENTS, [events, note]);
      await this.audit.record(tx, { by: { sub: 'ada', role: 'platform_admin' }, action: note, target: { type: 'resource', id: '1' } });
    });
  }

  /** Adds events in a transaction that is rolled back, so their sequence numbers are used up and no rows remain. */
  async undoneWork(events: number): Promise<void> {
    const undone = this.database.transaction(async (tx) => {
      await tx.query(ADD_EVENTS, [events, 'undone']);
      throw new Error('on purpose');
    });
    await undone.catch(() => undefined);
  }

  /** Verifies the chain in the same way as `npm run audit:verify`. */
  verify(exported?: ChainHead): Promise<Verification> {
    return withSession(this.stored.appUrl, 'service', (session) => verificationOf(session, exported));
  }

  /** Returns the findings of the verifier as if `statements` had been committed. The transaction is rolled back afterwards. */
  async verifyAfter(statements: readonly string[], exported: ChainHead): Promise<{ changed: number; findings: readonly Finding[] }> {
    const query: Session['query'] = async <R>(text: string, values?: readonly unknown[]) => {
      const { rows } = await this.superuser.query({ text, values: [...(values ?? [])] });
      return rows as R[];
    };
    const session: Session = {
      query,
      prepared: (_name, text, values) => query(text, values),
      texts: ({ text, values }) => query(text, values),
      transaction: (work) => work(session),
    };
    await this.superuser.query('begin');
    try {
      let changed = 0;
      for (const statement of statements) changed += (await this.superuser.query(statement)).rowCount ?? 0;
      return { changed, findings: (await verificationOf(session, exported)).findings };
    } finally {
      await this.superuser.query('rollback');
    }
  }

  async close(): Promise<void> {
    await this.superuser.end();
    await this.database.close();
    await this.stored.drop();
  }
}

export const ADD_EVENTS = `
insert into cloud_resource_events (resource_id, tenant_id, type, source, changes, sweep_id)
select gen_random_uuid(), case when n % 3 = 0 then 'acme' end, 'updated', 'sweep', jsonb_build_object('name', jsonb_build_object('old', n, 'new', $2::text)),
       case when n % 2 = 0 then gen_random_uuid() end
  from generate_series(1, $1::int) n`;

async function verificationOf(session: Session, exported: ChainHead | undefined): Promise<Verification> {
  const findings: Finding[] = [];
  const verified = await verifyChain(session, { streams: APPEND_ONLY_STREAMS, exported, keepDays: 400 }, (finding) =>
    findings.push(finding),
  );
  return { ...verified, findings };
}
