import { CONFIG, type Config } from '#libs/config';
import { done, skipped, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { answerGuard, DestructionGuard } from '../protection/destruction-guard';
import { writeOf } from '../droplets/droplet-action-runner';
import type { DropletFacts } from '../droplets/droplet-forecasts';
import { DropletCalls, missingAsUndefined, tagField } from '../provider/droplet-calls';
import { isReservedTag, TagCalls } from '../provider/tag-calls';
import { dropletMissing } from '../provisioning.errors';
import type { AcceptedRevert } from './revert-droplet.input';

/** The intent, recorded before tags are changed. */
type TagsIntent = {
  /** The previous tags, without reserved ones. */
  readonly from: readonly string[];
  /** When the last change without an answer was sent, ms since the step began. */
  readonly unansweredAtMs?: number;
};

type ChangedTags = { readonly from: readonly string[]; readonly to: readonly string[] };
type Ctx = StepContext<AcceptedRevert, TagsIntent, ChangedTags>;

const UNCONFIRMED_REASON = 'waiting for an unconfirmed change of tags to take effect';

/**
 * Adds tags to a droplet and removes others, but leaves reserved tags unchanged. Each change is idempotent and may be sent again. A change
 * without an answer may take effect until the lag bound has passed, so the step does not end before that.
 */
@Injectable()
export class SetTagsStep implements StepDefinition<AcceptedRevert, TagsIntent, ChangedTags> {
  readonly name = 'set_tags';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly tags: TagCalls,
    private readonly guard: DestructionGuard,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly outline = ({ tags }: AcceptedRevert, { live }: DropletFacts) => {
    const { add, remove } = tagChanges(Array.isArray(live.tags) ? live.tags.map(String) : [], tags);
    const parts = [...(add.length > 0 ? [`Adds ${add.join(', ')}`] : []), ...(remove.length > 0 ? [`Removes ${remove.join(', ')}`] : [])];
    if (parts.length === 0) return { skipped: 'the droplet has these tags already' };
    const calls = 1 + add.length + remove.length;
    return { does: `Changes the tags: ${parts.join('; ')}`, undo: 'Restores the previous tags', calls: { min: calls, typical: calls + 1 } };
  };

  readonly execute = (ctx: Ctx) => this.ensureTags(ctx, ctx.input.tags, () => this.guard.assertSameOwner(ctx, ctx.input.resource_id));

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer<ChangedTags>> =>
    ctx.intent === null ? done() : this.ensureTags(ctx, ctx.intent.from);

  private async ensureTags(ctx: Ctx, wanted: readonly string[], check?: () => Promise<void>): Promise<StepAnswer<ChangedTags>> {
    const { pollMs } = this.config.saga;
    const droplet = await this.droplets.get(ctx.input.droplet_id, ctx.signal);
    if (!droplet) return dropletMissing(ctx.input.droplet_id);
    const intent: TagsIntent = ctx.intent ?? { from: droplet.tags.filter((tag) => !isReservedTag(tag)) };
    const { add, remove } = tagChanges(droplet.tags, wanted);
    return ctx.effect('set tags', {
      find: async () => {
        if (add.length + remove.length > 0) return undefined;
        const leftMs = (intent.unansweredAtMs ?? -Infinity) + this.config.provider.lagMs - ctx.sinceBegunMs;
        if (leftMs > 0) return wait(Math.min(leftMs, pollMs), UNCONFIRMED_REASON);
        const output = { from: intent.from, to: wanted };
        return ctx.intent === null ? skipped('the droplet has these tags already', output) : done(output);
      },
      unrecorded: 'visible',
      intent,
      fields: { unansweredAtMs: 'unansweredAtMs' },
      writes: () => [writeOf(droplet, tagsSetBy(add, remove, wanted))],
      send: async () => {
        await check?.();
        for (const tag of add) await this.change(ctx, () => this.tags.addToDroplet(tag, droplet.id, ctx.signal));
        for (const tag of remove) await this.change(ctx, () => this.tags.removeFromDroplet(tag, droplet.id, ctx.signal));
      },
      pending: wait(pollMs, 'waiting for the changed tags of the droplet to become visible'),
      unanswered: wait(pollMs, UNCONFIRMED_REASON),
      refused: (error) => answerGuard(error, ctx.intent !== null),
    });
  }

  /** After a 404 the next execution reads the droplet again. */
  private async change({ guard }: Ctx, send: () => Promise<void>): Promise<void> {
    await guard();
    await missingAsUndefined(send());
  }
}

/** The tags that a change sets. Those that the droplet has already are among them, because an earlier write may still remove them. */
const tagsSetBy = (add: readonly string[], remove: readonly string[], kept: readonly string[]): Readonly<Record<string, boolean>> =>
  Object.fromEntries([...[...kept, ...add].map((tag) => [tagField(tag), true]), ...remove.map((tag) => [tagField(tag), false])]) as Record<
    string,
    boolean
  >;

/** The tags to add to a droplet and the tags to remove from it. */
export interface TagChanges {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Compares live tags with wanted ones. Ignores reserved tags and, like the provider, letter case. Pure. */
export function tagChanges(live: readonly string[], wanted: readonly string[]): TagChanges {
  const isMissing = (from: readonly string[], tag: string) => !from.some((known) => known.toLowerCase() === tag.toLowerCase());
  const others = live.filter((tag) => !isReservedTag(tag));
  return {
    add: wanted.filter((tag) => !isReservedTag(tag) && isMissing(others, tag)),
    remove: others.filter((tag) => isMissing(wanted, tag)),
  };
}
