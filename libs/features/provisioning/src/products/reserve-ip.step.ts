import { ProjectService } from '#libs/accounts';
import { CONFIG, type Config } from '#libs/config';
import { ResourceRegistrar } from '#libs/inventory';
import {
  done,
  fail,
  NEW_OBJECT,
  SagaQueries,
  wait,
  type StepAnswer,
  type StepContext,
  type StepDefinition,
  type StepKey,
} from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { answerGuard, DestructionGuard, OwnerChangedError } from '../protection/destruction-guard';
import { NO_DROPLET, ProductCalls } from '../provider/product-calls';
import { companionsOf, productHold, ProductRunner } from './product-runner';
import type { AcceptedProduct } from './product.input';

/** The intent of a reservation, recorded before it is sent. */
type ReserveIntent = {
  /** The addresses of the account before the first request. */
  readonly known: readonly string[];
  readonly sentAtMs?: number;
  readonly asks?: number;
  readonly ruledOut?: boolean;
  readonly deleted?: boolean;
};
/** `adopted`: found after a request without an answer. */
type ReservedIp = { readonly provider_id: string; readonly adopted?: true };
type Ctx = StepContext<AcceptedProduct, ReserveIntent, ReservedIp>;

export const RESERVE_IP: StepKey<ReservedIp> = { name: 'reserve_ip' };

const RESERVE_LIMIT = { sends: 3, error: { code: 'create_unanswered', detail: '3 requests had no known outcome' } };
const REASON = 'waiting for an unconfirmed address to appear';

/** The object of the tracked write, by which the reaper reports an address that appears late. */
export const ipPlace = ({ region, project_uuid }: Pick<AcceptedProduct, 'region' | 'project_uuid'>): string =>
  `reserved-ips:${region ?? ''}/${project_uuid ?? 'default'}`;

/** The id of no saga. */
const NO_SAGA = '00000000-0000-0000-0000-000000000000';

/** Finds the addresses that may be the effect of a request without an answer. */
@Injectable()
export class NewAddresses {
  constructor(
    private readonly products: ProductCalls,
    private readonly sagas: SagaQueries,
  ) {}

  /**
   * Those in the region and project of `place`, a target of `ipPlace`, that are assigned to no droplet, are not among the known ones, and were
   * not recorded by a saga other than `sagaId`.
   */
  async list(place: string, known: readonly unknown[], signal: AbortSignal, sagaId: string = NO_SAGA): Promise<string[]> {
    const [, region, project] = /^reserved-ips:([^/]*)\/(.+)$/.exec(place) ?? [];
    if (region === undefined) return [];
    const listed = await this.products.list('floating_ip', {}, signal);
    const free = listed.filter((one) => one.values.droplet_id === NO_DROPLET && one.region === region && !known.includes(one.id));
    const ids = free.filter(({ projectId }) => project === 'default' || projectId === project).map(({ id }) => id);
    const others = await this.sagas.outputsOfOtherSagas(sagaId, RESERVE_IP.name, 'provider_id', ids);
    return ids.filter((id) => !others.has(id)).sort();
  }
}

/**
 * Reserves an address. An address carries no mark of its saga: it has no tag, no name and no creation time. So the step records all addresses
 * before the request, and only one saga at a time reserves in a region and project. After a lost answer, one new address there is adopted, and
 * never released by this saga: somebody else may have reserved it. With several new ones people decide. [SAG-6, SAG-7]
 */
@Injectable()
export class ReserveIpStep implements StepDefinition<AcceptedProduct, ReserveIntent, ReservedIp> {
  readonly name = RESERVE_IP.name;
  readonly policy = { tries: 10, waitLimitMs: 1_800_000 };

  constructor(
    private readonly products: ProductCalls,
    private readonly runner: ProductRunner,
    private readonly inventory: ResourceRegistrar,
    private readonly addresses: NewAddresses,
    private readonly projects: ProjectService,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = () => ({ does: 'Reserves an address', undo: 'Releases it', calls: { min: 2, typical: 2 } });

  readonly execute = async (ctx: Ctx): Promise<StepAnswer<ReservedIp>> => {
    const { region, project_uuid } = ctx.input;
    const target = ipPlace(ctx.input);
    const mayBeReserved = ctx.intent?.sentAtMs !== undefined && ctx.intent.ruledOut !== true;
    const known = ctx.intent?.known ?? (await this.products.list('floating_ip', {}, ctx.signal)).map(({ id }) => id);
    return ctx.effect('reserve address', {
      find: async () => {
        const [first, ...others] = await this.addresses.list(target, known, ctx.signal, ctx.sagaId);
        if (first === undefined) return undefined;
        if (others.length > 0) return fail({ code: 'ambiguous_address', detail: ambiguous([first, ...others]) });
        return done({ provider_id: first, adopted: true }, [productHold('floating_ip', first)]);
      },
      intent: { known },
      fields: { sentAtMs: 'sentAtMs', sends: 'asks', ruledOut: 'ruledOut' },
      lagMs: this.config.provider.lagMs,
      sendLimit: RESERVE_LIMIT,
      writes: () => [{ target, object: NEW_OBJECT, sets: { address: ctx.sagaId }, before: { known } }],
      send: async () => {
        await this.assertSameOwner(ctx);
        return this.products.create('floating_ip', { region, ...(project_uuid && { project_id: project_uuid }) }, ctx.signal);
      },
      pending: wait(this.config.saga.pollMs, REASON),
      answered: ({ id }) => done({ provider_id: id }, [productHold('floating_ip', id)]),
      refused: (error) => answerGuard(error, mayBeReserved),
    });
  };

  /** The address belongs to the owner of its project. A saga of an admin has no tenant. Throws `OwnerChangedError`. [TEN-6] */
  private async assertSameOwner(ctx: Ctx): Promise<void> {
    const { project_id } = ctx.input;
    const project = project_id === undefined || ctx.tenantId === null ? undefined : await this.projects.find(project_id);
    if (project && project.tenant_id !== ctx.tenantId) throw new OwnerChangedError(project.name);
    await this.guard.assertSameOwner(ctx, undefined, companionsOf(ctx.input));
  }

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer<ReservedIp>> => {
    const { intent, output } = ctx;
    if (!intent) return done();
    if (output && !output.adopted) return this.release(ctx, output.provider_id);
    if (intent.ruledOut) return done();
    if (ctx.sinceBegunMs < (intent.sentAtMs ?? 0) + this.config.provider.lagMs) return wait(this.config.saga.pollMs, REASON);
    const left = output ? [output.provider_id] : await this.addresses.list(ipPlace(ctx.input), intent.known, ctx.signal, ctx.sagaId);
    if (left.length === 0) return done();
    return fail({ code: 'address_unproven', detail: ambiguous(left) });
  };

  private release(ctx: Ctx, ip: string): Promise<StepAnswer<ReservedIp>> {
    const deleting = wait(this.config.saga.pollMs, `waiting for address ${ip} to be released`);
    return ctx.effect('release address', {
      find: async () => {
        if (await this.products.get('floating_ip', ip, ctx.signal)) return undefined;
        await this.inventory.markDeleted('floating_ip', ip, ctx.sagaId);
        return done();
      },
      send: () => this.products.delete('floating_ip', ip, ctx.signal),
      pending: deleting,
      refused: (error) => {
        if (error.category === 'not_found') return deleting;
        return this.runner.answerRefusal(error, { kind: 'floating_ip', id: ip, signal: ctx.signal });
      },
    });
  }
}

const ambiguous = (ids: readonly string[]): string =>
  `A request for an address had no answer, and since then ${ids.join(', ')} appeared: release what nobody else has reserved, then retry`;
