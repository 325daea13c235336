import type { RateOf, UnitRate } from '#libs/catalog';
import type { Queryable } from '#libs/database';
import { AcceptanceGuard, type GuardedStart, type Judgement } from '#libs/saga';
import { effectiveLimits, TenantLimits, type Limits, type TenantStatus } from '#libs/tenants';
import { Injectable } from '@nestjs/common';
import { readAccounts, readStandings } from './accounts.sql';
import { amountsOwned, demandOf, isDestroying, NONE, plus, reservedBy, type Facts, type LiveDroplet, type OwnedGroup } from './demand';
import { judgeStart, type Account } from './judge-start';

/** Lists are absent where no resource counts. */
interface StoredAccount {
  readonly tenant: string;
  readonly status: TenantStatus | null;
  readonly orders_blocked_reason: string | null;
  readonly limits: (Limits & { readonly inherited: readonly string[] }) | null;
  readonly open_sagas: number;
  readonly owned?: readonly OwnedGroup[] | null;
  readonly reserving?: readonly Pick<GuardedStart, 'kind' | 'input'>[] | null;
  readonly names?: readonly string[] | null;
  readonly destroy_ages_ms?: readonly number[] | null;
}

interface StoredFacts {
  readonly tenants: readonly StoredAccount[];
  readonly standard: Limits | null;
  readonly targets?: Readonly<Record<string, LiveDroplet>> | null;
  readonly sizes?: Readonly<Record<string, { readonly vcpus: number; readonly monthly: string; readonly hourly: string }>> | null;
  readonly rates?: Readonly<Record<string, Pick<UnitRate, 'amount' | 'minimum'>>> | null;
}

const ACCEPTING = { accounts: readAccounts(true), standings: readStandings(true) };
const PLANNING = { accounts: readAccounts(false), standings: readStandings(false) };

/** Judges starts by the limits of the tenants that own what they work on. [TNT-2] */
@Injectable()
export class TenantLimitsGuard extends AcceptanceGuard {
  constructor(private readonly limits: TenantLimits) {
    super();
  }

  override async judgeAll(starts: readonly GuardedStart[], transaction: Queryable, accepting: boolean): Promise<readonly Judgement[]> {
    const { tenants, ...stored } = await read(starts, transaction, accepting);
    const facts = factsOf(stored);
    const accounts = new Map(tenants.map((tenant) => [tenant.tenant, accountOf(tenant, stored.standard ?? this.limits.seeded, facts)]));
    return starts.map((start) => {
      const account = accounts.get(start.ownerId ?? '');
      return account ? judgeStart(start, account, facts) : { limits: [] };
    });
  }
}

async function read(starts: readonly GuardedStart[], transaction: Queryable, accepting: boolean): Promise<StoredFacts> {
  const demands = starts.map(({ kind, input, ownerId }) => ({ owner: ownerId, demand: demandOf(kind, input) }));
  const asked = new Map<string, { tenant: string; weighed: boolean; destroys: boolean }>();
  for (const { owner, demand } of demands) {
    if (owner === null) continue;
    const known = asked.get(owner) ?? { tenant: owner, weighed: false, destroys: false };
    const destroys = isDestroying(demand);
    asked.set(owner, { tenant: owner, weighed: known.weighed || demand.adds !== 'nothing', destroys: known.destroys || destroys });
  }
  const name = accepting ? 'limits_accepting' : 'limits_planning';
  const { accounts, standings } = accepting ? ACCEPTING : PLANNING;
  const [tenants, runs] = [JSON.stringify([...asked.values()]), starts.flatMap(({ sagaId }) => sagaId ?? [])];
  const counts = [...asked.values()].some(({ weighed, destroys }) => weighed || destroys);
  const [row] = counts
    ? await transaction.prepared<{ facts: StoredFacts }>(name, accounts, [
        tenants,
        demands.flatMap(({ demand }) => (demand.adds === 'droplet' ? [demand.name] : [])),
        demands.flatMap(({ demand }) => (demand.adds === 'droplet' || demand.adds === 'size' ? [demand.size] : [])),
        demands.flatMap(({ demand }) => ('resourceId' in demand ? [demand.resourceId] : [])),
        runs,
      ])
    : await transaction.prepared<{ facts: StoredFacts }>(`${name}_standings`, standings, [tenants, runs]);
  return row?.facts ?? { tenants: [], standard: null };
}

/** List prices only: no invoice is part of a tenant's answer. */
function factsOf({ targets, sizes, rates }: Omit<StoredFacts, 'tenants' | 'standard'>): Facts {
  const asOf = new Date(0).toISOString(); // these prices are compared, and their age is not returned
  const rateOf: RateOf = (product) => {
    const size = product.startsWith('droplet:') ? sizes?.[product.slice('droplet:'.length)] : undefined;
    if (size) return { amount: size.monthly, hourly: size.hourly, source: 'catalog', asOf };
    const rate = rates?.[product];
    return rate && { ...rate, source: 'configured', asOf };
  };
  return { rateOf, vcpusOf: (size) => sizes?.[size]?.vcpus, droplet: (id) => targets?.[id] };
}

function accountOf(stored: StoredAccount, standard: Limits, facts: Facts): Account {
  const reserved = (stored.reserving ?? []).map(({ kind, input }) => reservedBy(demandOf(kind, input), facts));
  return {
    tenantId: stored.tenant,
    limits: effectiveLimits(standard, stored.limits),
    status: stored.status ?? undefined,
    ordersBlockedReason: stored.orders_blocked_reason,
    used: amountsOwned(stored.owned ?? [], facts),
    reserved: reserved.reduce(plus, NONE),
    openSagas: stored.open_sagas,
    destroyAgesMs: stored.destroy_ages_ms ?? [],
    takenNames: stored.names ?? [],
  };
}
