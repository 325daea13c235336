import { verifyChain, type Finding } from '#libs/audit';
import { withSession } from '#libs/database';
import { SWEEPS, type SweepView } from '#libs/inventory';
import { setTimeout as sleep } from 'node:timers/promises';
import { APPEND_ONLY_STREAMS } from '#libs/inventory';
import { IDS_AT_PROVIDER } from '../../support/ids-at-provider';
import { until } from '../../support/until';
import type { CostLoad } from './cost-load';
import { FINAL } from './saga-starts';
import type { WholeWorld } from './whole-world';

const SETTLED_WITHIN_MS = 300_000;
/** Longer than an ingest takes: each request asks for another ingest, also of an invoice that is being ingested. */
const REQUEST_AGAIN_MS = 15_000;

/** Checks of a world after the faults ended. Each check waits for changes that must happen without intervention. */
export class EndState {
  /** The duration of each wait in ms. */
  readonly waits: Record<string, number> = {};

  constructor(private readonly world: WholeWorld) {}

  /** Waits until all sagas ended without intervention [SAG-1]. */
  async sagasEnded(): Promise<void> {
    await this.eventually('the end of all sagas', async () => {
      const open = await this.world.query(`select 1 from saga_runs where not status = any ($1)`, [FINAL]);
      return open.length === 0;
    });
  }

  /** Waits for one complete, unsuspect sweep of each kind that began after this call. */
  async sweptOnceMore(): Promise<void> {
    const [clock] = await this.world.query<{ now: Date }>('select clock_timestamp() as now');
    await Promise.all(SWEEPS.map(({ kind }) => this.sweptSince(kind, clock?.now)));
  }

  private async sweptSince(kind: string, since: Date | undefined): Promise<void> {
    const swept = this.eventually(`a complete sweep of ${kind}`, async () => {
      const done = await this.world.query<SweepView>(
        `select id from cloud_sweeps where kind = $1 and status = 'complete' and started_at > $2 limit 1`,
        [kind, since],
      );
      if (done.length > 0) return true;
      await this.world.client.ask('POST', '/api/v1/sweeps', { body: { kind } });
      await sleep(1_000); // a request for each check would start a sweep of its own
      return false;
    });
    await swept.catch(async (error: unknown) => {
      throw new Error(`${String(error)}: ${JSON.stringify(await this.lastSweeps(kind))}`, { cause: error });
    });
  }

  /** Returns the kinds with active rows that differ from the provider's list [INV-1]. */
  async inventoryDifferences(): Promise<Record<string, { missing: string[]; tooMany: string[] }>> {
    const account = await this.world.simulator.account();
    const rows = await this.world.query<{ kind: string; provider_id: string }>(
      `select kind, provider_id from cloud_resources where status <> 'deleted'`,
    );
    const differences = Object.entries(IDS_AT_PROVIDER).map(([kind, idsOf]) => {
      const truth = new Set(idsOf(account));
      const known = new Set(rows.filter((row) => row.kind === kind).map(({ provider_id }) => provider_id));
      return [kind, { missing: [...truth].filter((id) => !known.has(id)), tooMany: [...known].filter((id) => !truth.has(id)) }] as const;
    });
    return Object.fromEntries(differences.filter(([, { missing, tooMany }]) => missing.length + tooMany.length > 0));
  }

  /** Returns rows that were a tombstone at some time although the provider still has the resource [INV-3]. */
  async wronglyDeleted(): Promise<string[]> {
    const account = await this.world.simulator.account();
    const deleted = await this.world.query<{ kind: string; provider_id: string }>(
      `select distinct r.kind, r.provider_id from cloud_resource_events e join cloud_resources r on r.id = e.resource_id where e.type = 'deleted'`,
    );
    return deleted.filter(({ kind, provider_id }) => IDS_AT_PROVIDER[kind]?.(account).includes(provider_id)).map(({ kind, provider_id }) => `${kind} ${provider_id}`); // prettier-ignore
  }

  /** Waits until every invoice is ingested as the provider has it, and delivered to finance [BIL-2, BIL-3, BIL-8]. */
  async costsSettled(costs: CostLoad): Promise<void> {
    await costs.letLeasesEnd();
    const requestedAt = new Map<string, number>();
    let wrong: Awaited<ReturnType<EndState['unsettledInvoices']>> = [];
    const settled = this.eventually('all invoices ingested and delivered', async () => {
      wrong = await this.unsettledInvoices();
      if (wrong.length === 0) return true;
      await costs.letADayPass(); // again, because a read that began before the last correction ends without it
      await costs.letPausesPass(); // again, because an attempt that began under the faults can fail after them
      // One that has lines already waits for minutes, too, after an attempt under the faults.
      for (const { id } of wrong.filter(({ status }) => status !== 'unknown')) {
        if (performance.now() - (requestedAt.get(id) ?? -Infinity) < REQUEST_AGAIN_MS) continue;
        requestedAt.set(id, performance.now());
        await this.world.client.ask('POST', `/api/v1/billing/invoices/${id}/ingest`);
      }
      await sleep(1_000); // each check reads all invoices of the simulator
      return false;
    });
    await settled.catch(async (error: unknown) => {
      const reads = await this.world.query('select * from cloud_billing_reads');
      throw new Error(`${String(error)}: ${JSON.stringify({ wrong, reads })}`, { cause: error });
    });
  }

  /** Returns invoices with a wrong sum or reconciliation. The list must be empty. */
  invoicesThatDoNotAddUp(): Promise<unknown[]> {
    return this.world.query(
      `select i.invoice_uuid, i.amount, i.reconciliation, i.difference, sum(l.amount) as lines_amount, count(l.*)::int as lines, i.lines as expected_lines
         from cloud_invoices i left join cloud_cost_lines l on l.invoice_id = i.id group by i.id
       having i.status <> 'ingested' or count(l.*) <> i.lines or i.reconciliation is null
           or (i.reconciliation = 'reconciled') is distinct from (coalesce(sum(l.amount), 0) = i.amount)
           or i.amount - coalesce(sum(l.amount), 0) <> i.difference`,
    );
  }

  /** Returns the stored and the expected invoices of finance, in the order of external ids [BIL-8]. */
  async books(): Promise<{ stored: string[]; expected: string[] }> {
    const { finance_invoices } = await this.world.simulator.account();
    const reconciled = await this.world.query<{ text: string }>(
      `select invoice_uuid || ' ' || (amount * 100)::bigint || ' ' || coalesce(finance_invoice_id, '-') as text from cloud_invoices where reconciliation <> 'mismatch'`,
    );
    const stored = finance_invoices.map(({ external_id, amount_gross_minor, id }) => `${external_id} ${amount_gross_minor} ${id}`);
    return { stored: stored.sort(), expected: reconciled.map(({ text }) => text).sort() };
  }

  /** Waits until all digests are linked, and returns the findings of the verifier [INV-14]. */
  async verified(): Promise<{ findings: Finding[]; rows: number; links: number }> {
    await this.eventually('everything linked', async () => (await this.world.query('select 1 from record_waiting limit 1')).length === 0);
    const findings: Finding[] = [];
    const { rows, head } = await withSession(this.world.ownerUrl, 'owner', (session) =>
      verifyChain(session, { streams: APPEND_ONLY_STREAMS, keepDays: 400 }, (finding) => findings.push(finding)),
    );
    return { findings, rows, links: Number(head.no) };
  }

  /** Returns the open drifts in the order of provider ids. */
  openDrifts(): Promise<{ provider_id: string; field: string; actual: string }[]> {
    return this.world.query(
      `select r.provider_id, d.field, d.actual #>> '{}' as actual from cloud_drift d join cloud_resources r on r.id = d.resource_id
        where d.status = 'open' order by r.provider_id`,
    );
  }

  async eventually(what: string, condition: () => Promise<boolean>): Promise<void> {
    const from = performance.now();
    await until(condition, { withinMs: SETTLED_WITHIN_MS, what });
    this.waits[what] = Math.round(performance.now() - from);
  }

  private lastSweeps(kind: string): Promise<{ status: string; reason: string | null; missing: string[] | null }[]> {
    return this.world.query(`select status, reason, missing from cloud_sweeps where kind = $1 order by started_at desc limit 3`, [kind]);
  }

  private async unsettledInvoices(): Promise<{ id: string; status: string }[]> {
    const { invoices } = await this.world.simulator.account();
    const truth = new Map(invoices.filter(({ preview }) => !preview).map(({ invoice_uuid, amount }) => [invoice_uuid, Number(amount)]));
    const rows = await this.world.query<{ id: string; invoice_uuid: string; status: string; amount: string; waits: boolean }>(
      `select i.id, i.invoice_uuid, i.status, i.amount::text,
              i.requested_at > i.document_asked_at or exists (select 1 from cloud_finance_outbox o where o.invoice_id = i.id and o.delivered_at is null) as waits
         from cloud_invoices i`,
    );
    const unknown = [...truth.keys()].filter((uuid) => !rows.some(({ invoice_uuid }) => invoice_uuid === uuid));
    const wrong = rows.filter(
      ({ invoice_uuid, status, amount, waits }) => waits || status !== 'ingested' || truth.get(invoice_uuid) !== Number(amount),
    );
    return [...wrong, ...unknown.map((id) => ({ id, status: 'unknown' }))];
  }
}
