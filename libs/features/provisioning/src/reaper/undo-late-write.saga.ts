import { CONFIG, type Config } from '#libs/config';
import { done, fail, NEW_OBJECT, skipped, TrackedWrites, wait } from '#libs/saga';
import type { SagaDefinition, StepAnswer, StepContext, StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { IsObject, IsString, IsUUID } from 'class-validator';
import { recordPlaceOf } from '../dns/dns-record.input';
import { DropletActionRunner, writeOf, type ActionIntent, type DropletGoal } from '../droplets/droplet-action-runner';
import { productOf, ProductRunner, type ChangeIntent } from '../products/product-runner';
import { bodyOf, DnsRecordCalls, recordValues, type ListedRecord, type RecordFields } from '../provider/dns-record-calls';
import { DropletCalls, dropletValues, type Droplet } from '../provider/droplet-calls';
import { TagCalls } from '../provider/tag-calls';
import { dropletMissing } from '../provisioning.errors';
import { LateWrites, UNDO_LATE_WRITE, type LateWriteOrder } from './late-writes';

/** The late write to undo, and the values that its object gets. */
class UndoLateWriteInput implements LateWriteOrder {
  @IsString()
  readonly target: string;

  @IsString()
  readonly object: string;

  @IsUUID()
  readonly write_id: string;

  @IsObject()
  readonly values: Readonly<Record<string, unknown>>;
}

/** `begun`: the judgement was repeated under the hold. `others`: the records of the name and type before a record was created again. */
type UndoIntent = ActionIntent & ChangeIntent & { readonly begun: true; readonly sentAtMs?: number; readonly others?: readonly string[] };
type Undone = { readonly values: Readonly<Record<string, unknown>> };
type Ctx = StepContext<LateWriteOrder & { readonly resource_id?: undefined }, UndoIntent, Undone>;
type Answer = StepAnswer<Undone>;

const TAG_FIELD = /^tag:/;

/**
 * Gives an object the values back that a late write has changed. It judges the object again first, because it holds the object only now. A
 * failure has no effect that must be undone: the reaper reports the late write then. [SAG-9]
 */
@Injectable()
export class UndoLateWriteStep implements StepDefinition<LateWriteOrder, UndoIntent, Undone> {
  readonly name = 'undo_late_write';
  readonly policy = { tries: 10 };

  constructor(
    private readonly lateWrites: LateWrites,
    private readonly writes: TrackedWrites,
    private readonly records: DnsRecordCalls,
    private readonly droplets: DropletCalls,
    private readonly tags: TagCalls,
    private readonly runner: DropletActionRunner,
    private readonly products: ProductRunner,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = async (ctx: Ctx): Promise<Answer> => {
    if (ctx.intent === null) {
      const late = await this.lateWrites.judge(ctx.input, ctx.signal);
      if (!late) return skipped('the object has been changed since the late write was found');
      await ctx.recordIntent({ begun: true });
    }
    const answer = await this.restore(ctx);
    if (answer.is !== 'done') return answer;
    await this.writes.markHandled(ctx.input.write_id);
    return { ...answer, output: { values: ctx.input.values } };
  };

  private restore(ctx: Ctx): Promise<Answer> {
    const { target, object, values } = ctx.input;
    const place = recordPlaceOf(target);
    const product = productOf(target);
    if (product) return this.products.ensure(ctx, { ...product, sets: values }, { begun: true });
    if (!place) return this.restoreDroplet(ctx, target.replace(/^droplet:/, ''));
    return values.exists === true ? this.createRecord(ctx, place) : this.updateRecord(ctx, place, object);
  }

  private async updateRecord(ctx: Ctx, place: RecordName, id: string): Promise<Answer> {
    const { target, values } = ctx.input;
    const { zone, type, name } = place;
    const live = (await this.records.listByName(zone, name, type, ctx.signal)).find((record) => record.id === id);
    if (!live) return fail({ code: 'record_missing', detail: `Record ${id} does not exist any more` }, 'none');
    const fields: ListedRecord = { ...live, ...(values as Partial<RecordFields>) };
    const before = recordValues(place, live);
    return ctx.effect('restore record', {
      find: async () => (agrees(before, values) ? done() : undefined),
      unrecorded: 'visible',
      intent: { begun: true },
      writes: () => [{ target, object: id, sets: values, before }],
      send: () => this.records.update(zone, id, bodyOf(type, name, fields), ctx.signal),
      pending: wait(this.config.saga.pollMs, 'waiting for the previous DNS record to become visible again'),
    });
  }

  private async createRecord(ctx: Ctx, place: RecordName): Promise<Answer> {
    const { target, values } = ctx.input;
    const { zone, type, name } = place;
    const { exists: _exists, ...fields } = values;
    const listed = await this.records.listByName(zone, name, type, ctx.signal);
    const others = ctx.intent?.others ?? listed.map(({ id }) => id);
    return ctx.effect('create record again', {
      find: async () =>
        listed.some((record) => !others.includes(record.id) && agrees(recordValues(place, record), fields)) ? done() : undefined,
      unrecorded: 'visible',
      intent: { begun: true, others },
      fields: { sentAtMs: 'sentAtMs' },
      lagMs: this.config.provider.lagMs,
      writes: () => [{ target, object: NEW_OBJECT, sets: fields, before: { others, copies: 1 } }],
      send: () => this.records.create(zone, bodyOf(type, name, fields as unknown as RecordFields), ctx.signal),
      pending: wait(this.config.saga.pollMs, 'waiting for the new DNS record to become visible'),
      answered: () => done(),
    });
  }

  private async restoreDroplet(ctx: Ctx, dropletId: string): Promise<Answer> {
    const { values } = ctx.input;
    const [field = ''] = Object.keys(values);
    if (TAG_FIELD.test(field)) return this.restoreTags(ctx, dropletId);
    const reached = (droplet: Droplet) => agrees(dropletValues(droplet), values);
    return this.runner.ensure(ctx, { dropletId, action: actionFor(values), reached, restoring: true }, { begun: true });
  }

  private async restoreTags(ctx: Ctx, dropletId: string): Promise<Answer> {
    const { values } = ctx.input;
    const droplet = await this.droplets.get(dropletId, ctx.signal);
    if (!droplet) return dropletMissing(dropletId);
    const live = dropletValues(droplet);
    const wrong = Object.entries(values).filter(([field, value]) => (live[field] ?? false) !== value);
    return ctx.effect('restore tags', {
      find: async () => (wrong.length === 0 ? done() : undefined),
      unrecorded: 'visible',
      intent: { begun: true },
      writes: () => [writeOf(droplet, values)],
      send: async () => {
        for (const [field, value] of wrong) {
          await ctx.guard();
          const tag = field.replace(TAG_FIELD, '');
          if (value === true) await this.tags.addToDroplet(tag, dropletId, ctx.signal);
          else await this.tags.removeFromDroplet(tag, dropletId, ctx.signal);
        }
      },
      pending: wait(this.config.saga.pollMs, 'waiting for the restored tags of the droplet to become visible'),
    });
  }
}

/** Undoes one late write. Only the reaper starts it. */
@Injectable()
export class UndoLateWriteSaga {
  readonly definition: SagaDefinition<LateWriteOrder>;

  constructor(undo: UndoLateWriteStep) {
    this.definition = {
      kind: UNDO_LATE_WRITE,
      input: UndoLateWriteInput,
      internal: true,
      plan: () => [undo.name],
      holds: ({ target }) => [target],
      steps: [undo],
    };
  }
}

type RecordName = NonNullable<ReturnType<typeof recordPlaceOf>>;

const agrees = (live: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(wanted).every(([field, value]) => live[field] === value);

function actionFor({ power, name, backups }: Readonly<Record<string, unknown>>): DropletGoal['action'] {
  if (power !== undefined) return { type: power === 'on' ? 'power_on' : 'power_off' };
  return backups === undefined ? { type: 'rename', name } : { type: backups === true ? 'enable_backups' : 'disable_backups' };
}
