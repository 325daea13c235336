import type { Queryable } from '#libs/database';
import { Money } from '#libs/kernel';
import { KEPT, KEPT_BUCKET, POOLS, splitPool, type PoolName, type PoolRule } from '../pricing/pools';
import type { Bucket } from '../pricing/rated-lines';
import type { SharedPart } from './rate-tenant';
import type { RunProblem } from '../pricing/run.states';
import type { Hash } from 'node:crypto';
import { DOCUMENTS, NUMBER_PIECES, PIECES, PIECES_AT_ONCE, PIECES_DIGEST, STAGE_PIECES, STAGED_SUMS, type PieceRow } from './stage.sql';

interface DocumentRow {
  readonly id: string;
  readonly invoice_uuid: string;
  readonly document_hash: string | null;
  readonly amount: string;
  readonly reconciliation: string | null;
  readonly counts: boolean;
}

/** A month of the provider, split by owners and pools, before prices. It exists until its transaction ends. */
export interface StagedMonth {
  /** What decides the lines, for the digest of the inputs. */
  readonly documents: readonly Omit<DocumentRow, 'id'>[];
  readonly unreconciled: readonly string[];
  readonly payable: Money;
  /** What released invoices have beyond the sum of their lines. */
  readonly difference: Money;
  /** Tenants with direct lines or parts of pools. */
  readonly tenants: readonly string[];
  readonly sharesOf: ReadonlyMap<string, readonly SharedPart[]>;
  /** The bucket of a pool that stays whole; undefined for one that tenants have got. */
  readonly bucketOf: (pool: PoolName) => Bucket | undefined;
  readonly problems: readonly RunProblem[];
}

/** Stages a month. `period` is its first day. */
export async function stageMonth(tx: Queryable, period: string, rules: ReadonlyMap<PoolName, PoolRule>): Promise<StagedMonth> {
  const documents = await tx.query<DocumentRow>(DOCUMENTS, [period]);
  const counting = documents.filter(({ counts }) => counts);
  await tx.query('set local enable_nestloop = off'); // Measured: the planner expects few changed owners, and read all lines once for each of them
  await tx.query(STAGE_PIECES, [period, counting.map(({ id }) => id)]);
  await tx.query('set local enable_nestloop = on');
  await tx.query(NUMBER_PIECES);
  const sums = await tx.query<{ tenant: string | null; pool: string | null; amount: string }>(STAGED_SUMS);
  const payable = Money.sum(counting.map(({ amount }) => Money.parse(amount)));
  const direct = new Map(sums.flatMap(({ tenant, amount }) => (tenant === null ? [] : [[tenant, Money.parse(amount)] as const])));
  const amounts = new Map(
    sums.flatMap(({ tenant, pool, amount }) => (tenant === null ? [[pool ?? '', Money.parse(amount)] as const] : [])),
  );
  const shares = POOLS.map((pool) => {
    const amount = amounts.get(pool);
    const rule = rules.get(pool) ?? KEPT;
    return { pool, rule, amount, parts: amount ? splitPool(amount, rule, direct) : [] };
  });
  const parts = shares.flatMap(({ pool, rule, amount, parts: of }) =>
    of.map((part): SharedPart => ({ ...part, pool, method: rule.method, poolAmount: amount?.toText() ?? '0' })),
  );
  const sharesOf = new Map<string, SharedPart[]>();
  for (const part of parts) sharesOf.set(part.tenantId, [...(sharesOf.get(part.tenantId) ?? []), part]);
  const unreconciled = documents.filter(({ counts }) => !counts).map(({ invoice_uuid }) => invoice_uuid);
  return {
    documents: documents.map(({ id: _id, ...document }) => document),
    unreconciled,
    payable,
    difference: payable.subtract(Money.sum(sums.map(({ amount }) => Money.parse(amount)))),
    tenants: [...new Set([...direct.keys(), ...sharesOf.keys()])].sort(),
    sharesOf,
    bucketOf: (pool) => {
      const split = shares.find((one) => one.pool === pool);
      if (split && split.parts.length > 0) return undefined;
      return split?.rule.method === 'house' ? 'house' : KEPT_BUCKET[pool];
    },
    problems: [
      ...(documents.length === 0 ? [NO_INVOICE] : []),
      ...shares.flatMap(({ pool, rule, amount, parts: of }) => poolProblems(pool, rule, amount, of.length)),
      ...unreconciled.map((uuid): RunProblem => ({
        code: 'unreconciled_invoice',
        severity: 'warning',
        path: `invoices/${uuid}`,
        detail: `The provider's invoice ${uuid} is not reconciled, so its lines are not in this month; ingest or release it`,
      })),
    ],
  };
}

/** Without it, a month that was rated before the provider issued its invoice would look complete. */
const NO_INVOICE: RunProblem = {
  code: 'no_provider_invoice',
  severity: 'critical',
  path: 'invoices',
  detail: 'The provider has no invoice for this month yet, so there is nothing to rate; rate it again when the invoice is ingested',
};

function poolProblems(pool: PoolName, { method }: PoolRule, amount: Money | undefined, parts: number): RunProblem[] {
  if (!amount || amount.isZero() || method === 'keep' || method === 'house') return [];
  const path = `pools/${pool}`;
  if (parts === 0) {
    const detail = `No tenant can get a part of the pool ${pool}, so its ${amount.toAmountText()} stay with the issuer`;
    return [{ code: 'pool_without_tenants', severity: 'warning', path, detail }];
  }
  if (pool !== 'provider_tax') return [];
  const detail = "The provider's tax is allocated to tenants, so tax is charged on tax; keep the pool unless your adviser wants it so";
  return [{ code: 'tax_on_tax', severity: 'warning', path, detail }];
}

/**
 * Runs the statements of a transaction one after another while this process computes: it reads ahead, and what it writes is awaited with the next
 * statement. After a failure the transaction is of no use, and every later statement fails.
 */
export class StatementsAhead {
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly tx: Queryable) {}

  query<R>(text: string, values: readonly unknown[]): Promise<R[]> {
    const result = this.last.then(() => this.tx.query<R>(text, values));
    this.last = result.catch(() => undefined);
    return result;
  }

  /** When no statement runs any more, so that the transaction can end. */
  async settled(): Promise<void> {
    await this.last;
  }
}

export interface TenantPieces {
  readonly tenant: string | null;
  readonly pieces: readonly PieceRow[];
  /** The number of the first piece in the order of all; the others follow it. */
  readonly first: number;
}

/**
 * The pieces of each tenant, in the order of ids; those without an owner come first, in parts. Memory: the pieces of one tenant. `inputs` gets the
 * digests of all of them.
 */
export async function* piecesByTenant(ahead: StatementsAhead, inputs?: Hash): AsyncGenerator<TenantPieces> {
  let tenant: string | null = null;
  let pieces: PieceRow[] = [];
  let read = 0;
  for await (const rows of piecesInOrder(ahead, inputs)) {
    for (const row of rows) {
      if (row.tenant !== tenant && pieces.length > 0) {
        yield { tenant, pieces, first: read + 1 - pieces.length };
        pieces = [];
      }
      tenant = row.tenant;
      pieces.push(row);
      read += 1;
    }
    if (tenant !== null) continue;
    yield { tenant, pieces, first: read + 1 - pieces.length };
    pieces = [];
  }
  if (pieces.length > 0) yield { tenant, pieces, first: read + 1 - pieces.length };
}

/** The next pieces are read while the caller works on these. */
async function* piecesInOrder(ahead: StatementsAhead, inputs: Hash | undefined): AsyncGenerator<readonly PieceRow[]> {
  const readAndAdd = async (after: number) => {
    const [rows, digests] = await Promise.all([
      ahead.query<PieceRow>(PIECES, [after]),
      inputs && ahead.query<{ readonly digest: string }>(PIECES_DIGEST, [after]),
    ]);
    for (const { digest } of digests ?? []) inputs?.update(digest);
    return rows;
  };
  const read = (after: number) => {
    const rows = readAndAdd(after);
    rows.catch(() => undefined); // Thrown where it is awaited, unless the caller has ended before
    return rows;
  };
  let next = read(0);
  for (let after = PIECES_AT_ONCE; ; after += PIECES_AT_ONCE) {
    const rows = await next;
    if (rows.length === 0) return;
    next = read(after);
    yield rows;
  }
}
