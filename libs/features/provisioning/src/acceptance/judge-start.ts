import { Money, type DomainError } from '#libs/kernel';
import { TooManySagasError, type GuardedStart, type Judgement, type LimitReading } from '#libs/saga';
import {
  OrdersBlockedError,
  TENANT_RIGHTS,
  TenantNotActiveError,
  TenantNotRegisteredError,
  type Limits,
  type TenantStatus,
} from '#libs/tenants';
import { LimitExceededError, NameTakenError, NotAllowedError, TooManyDestroysError, UnpricedOrderError } from './acceptance.errors';
import { amountsOf, demandOf, isDestroying, plus, reservedBy, type Amounts, type Demand, type Facts } from './demand';

/** What limits count of one tenant. Each accepted start changes it, for the starts after it. */
export interface Account {
  readonly tenantId: string;
  readonly limits: Limits;
  /** Undefined for a tenant that is not registered. */
  readonly status: TenantStatus | undefined;
  readonly ordersBlockedReason: string | null;
  readonly used: Amounts;
  reserved: Amounts;
  /** Open sagas that the tenant started itself. */
  openSagas: number;
  /** Ages of the starts of destroys within the last hour, ms, oldest first. */
  destroyAgesMs: readonly number[];
  /** Names of living droplets, and of those that open sagas will create, among the names of the starts. */
  takenNames: readonly string[];
}

const HOUR_MS = 3_600_000;
const ZERO = Money.parse('0');

/**
 * Judges one start by the limits of the tenant, and counts it when it may be accepted. An override sets all refusals aside, which are named,
 * and the approval. Changes the account; otherwise pure.
 */
export function judgeStart(start: GuardedStart, account: Account, facts: Facts): Judgement {
  const demand = demandOf(start.kind, start.input);
  const added = amountsOf(demand, facts);
  const limits = readingsOf(start, demand, added, account);
  const refusals = [
    ...stateRefusals(start, demand, account),
    ...wordRefusals(demand, added, start, account),
    ...limitRefusals(limits, account),
  ];
  const [refusal] = refusals;
  if (refusal && start.override !== true) return { limits, refusal };
  count(start, demand, account, facts);
  if (start.override === true) return { limits, overridden: refusals.map(describe) };
  const approval = approvalFor(added, account.limits);
  return { limits, ...(approval && { approval }) };
}

/** The limits that the start touches. */
function readingsOf({ tenantId }: GuardedStart, demand: Demand, added: Amounts, account: Account): LimitReading[] {
  const { limits, used, reserved } = account;
  const numbers = [
    ['max_droplets', used.droplets, reserved.droplets, added.droplets],
    ['max_vcpus', used.vcpus, reserved.vcpus, added.vcpus],
    ['max_volume_gib', used.volumeGib, reserved.volumeGib, added.volumeGib],
    ['max_snapshots', used.snapshots, reserved.snapshots, added.snapshots],
    ['max_destroys_per_hour', account.destroyAgesMs.length, 0, isDestroying(demand) ? 1 : 0],
    ['open_sagas', account.openSagas, 0, tenantId === null ? 0 : 1],
  ] as const;
  const readings = numbers.flatMap(([limit, inUse, inReserve, requested]): LimitReading[] => {
    if (requested === 0) return [];
    const allowed = limits[limit];
    const ok = allowed === null || requested < 0 || inUse + inReserve + requested <= allowed;
    return [{ limit, allowed, used: inUse, reserved: inReserve, requested, ok }];
  });
  return added.monthly.isZero() ? readings : [...readings, costReading(added.monthly, account)];
}

function costReading(requested: Money, { limits: { max_monthly_cost: allowed }, used, reserved }: Account): LimitReading {
  const after = used.monthly.add(reserved.monthly).add(requested);
  const ok = allowed === null || requested.compare(ZERO) < 0 || after.compare(Money.parse(allowed)) <= 0;
  const texts = { used: used.monthly.toAmountText(), reserved: reserved.monthly.toAmountText(), requested: requested.toAmountText() };
  return { limit: 'max_monthly_cost', allowed: allowed && Money.parse(allowed).toAmountText(), ...texts, ok };
}

function stateRefusals({ kind }: GuardedStart, demand: Demand, { tenantId, status, ordersBlockedReason }: Account): DomainError[] {
  if (status === undefined) return [new TenantNotRegisteredError(tenantId)];
  const refusals: DomainError[] = [];
  if (!TENANT_RIGHTS[status].starts)
    refusals.push(
      new TenantNotActiveError(
        tenantId,
        status,
        `no ${kind} can start for it: ask the operator of this service, who may start it with "override": true`,
      ),
    );
  if (ordersBlockedReason !== null && demand.adds !== 'nothing' && !isDestroying(demand))
    refusals.push(new OrdersBlockedError(tenantId, ordersBlockedReason));
  return refusals;
}

/** Refusals by words: what may be ordered, and under which name. */
function wordRefusals(demand: Demand, { unpriced }: Amounts, { tenantId }: GuardedStart, { limits, takenNames }: Account): DomainError[] {
  const refusals: DomainError[] = [];
  if (demand.adds === 'droplet' || demand.adds === 'size') {
    if (!isAllowed(demand.size, limits.allowed_sizes)) refusals.push(new NotAllowedError('size', demand.size, limits.allowed_sizes ?? []));
  }
  const region = 'region' in demand ? demand.region : null;
  if (region !== null && !isAllowed(region, limits.allowed_regions))
    refusals.push(new NotAllowedError('region', region, limits.allowed_regions ?? []));
  if (demand.adds === 'droplet') {
    const { name } = demand;
    if (limits.unique_names && takenNames.includes(name)) refusals.push(new NameTakenError(name));
  }
  if (unpriced !== undefined && tenantId !== null) refusals.push(new UnpricedOrderError(unpriced));
  return refusals;
}

function limitRefusals(readings: readonly LimitReading[], { destroyAgesMs }: Account): DomainError[] {
  const refused = readings.filter(({ ok }) => !ok);
  return refused.map((reading) => {
    const { limit, allowed } = reading;
    if (limit === 'open_sagas') return new TooManySagasError(Number(allowed));
    if (limit !== 'max_destroys_per_hour') return new LimitExceededError(reading);
    // The first place is free when enough of the counted starts are older than an hour. With 0 allowed there is none ever.
    const leaving = destroyAgesMs[destroyAgesMs.length - Number(allowed)] ?? 0;
    return new TooManyDestroysError(Number(allowed), Math.max(1, HOUR_MS - leaving));
  });
}

/** A pattern may contain `*`, which is any text. Null allows all. */
export function isAllowed(word: string, patterns: readonly string[] | null): boolean {
  if (patterns === null) return true;
  return patterns.some((pattern) => {
    const parts = pattern.split('*').map((part) => part.replace(/[^\w]/g, String.raw`\$&`));
    return new RegExp(`^${parts.join('.*')}$`).test(word);
  });
}

function approvalFor({ monthly }: Amounts, { approval_over_monthly: over }: Limits): { why: string } | undefined {
  if (over === null || monthly.compare(Money.parse(over)) <= 0) return undefined;
  const allowed = Money.parse(over).toAmountText();
  return { why: `Adds ${monthly.toAmountText()} USD a month at list prices; more than ${allowed} USD needs approval` };
}

function count({ tenantId }: GuardedStart, demand: Demand, account: Account, facts: Facts): void {
  account.reserved = plus(account.reserved, reservedBy(demand, facts));
  if (tenantId !== null) account.openSagas += 1;
  if (isDestroying(demand)) account.destroyAgesMs = [...account.destroyAgesMs, 0];
  if (demand.adds === 'droplet') account.takenNames = [...account.takenNames, demand.name];
}

const describe = (refusal: DomainError): string => (refusal instanceof LimitExceededError ? refusal.reading.limit : refusal.code);
