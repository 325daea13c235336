import { until } from '../../support/until';
import type { WholeWorld } from './whole-world';

/** The kinds of sagas that every run starts, with every seed. */
export const SAGA_KINDS = [
  'provision_droplet',
  'destroy_droplet',
  'resize_droplet',
  'snapshot_droplet',
  'upsert_dns_record',
  'delete_dns_record',
] as const;

export const FINAL = ['completed', 'rolled_back', 'failed', 'compensation_failed'];

/** A row of the table of sagas. */
export interface Run {
  readonly id: string;
  readonly kind: string;
  readonly tenant_id: string;
  readonly status: string;
  readonly input: Readonly<Record<string, string>>;
  readonly context: Readonly<Record<string, Record<string, string> | undefined>>;
}

/** The accepted sagas, each with its kind and tenant. */
export class SagaStarts {
  readonly accepted = new Map<string, { readonly kind: string; readonly tenant: string }>();
  private nth = 0;

  constructor(
    private readonly world: WholeWorld,
    private readonly seed: number,
  ) {}

  /** Starts a saga as a user of the tenant and returns its id. */
  async start(tenant: string, kind: string, input: Record<string, unknown>): Promise<string> {
    const key = `chaos-${this.seed}-${(this.nth += 1)}`;
    const { status, text } = await this.world.client.insist('/api/v1/sagas', { as: { tenant }, body: { kind, input }, key });
    if (status !== 202) throw new Error(`${kind} was not accepted: ${status} ${text}`);
    const { id } = (JSON.parse(text) as { data: { id: string } }).data;
    this.accepted.set(id, { kind, tenant });
    return id;
  }

  /** Requests the cancellation of a saga. A 409 means that it has ended or passed its pivot, and is accepted. */
  async cancel(tenant: string, id: string): Promise<void> {
    const { status, text } = await this.world.client.insist(`/api/v1/sagas/${id}/cancel`, { as: { tenant } });
    if (status !== 202 && status !== 409) throw new Error(`the cancel was not accepted: ${status} ${text}`);
  }

  async ended(id: string): Promise<Run> {
    let run: Run | undefined;
    await until(
      async () => {
        [run] = await this.world.query<Run>('select id, kind, tenant_id, status, input, context from saga_runs where id = $1', [id]);
        return run !== undefined && FINAL.includes(run.status);
      },
      { withinMs: 120_000, what: `the end of saga ${id} (${this.accepted.get(id)?.kind})` },
    );
    if (!run) throw new Error(`there is no saga ${id}`);
    return run;
  }

  /** Whether a saga of each kind has completed and one order was rolled back. */
  async everyKindWorked(): Promise<boolean> {
    const ended = await this.world.query<{ what: string }>(`select distinct kind || ' ' || status as what from saga_runs`);
    const wanted = [...SAGA_KINDS.map((kind) => `${kind} completed`), 'provision_droplet rolled_back'];
    return wanted.every((end) => ended.some(({ what }) => what === end));
  }

  runs(): Promise<Run[]> {
    return this.world.query<Run>('select id, kind, tenant_id, status, input, context from saga_runs');
  }
}
