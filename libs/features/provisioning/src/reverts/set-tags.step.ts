import { CONFIG, type Config } from '#libs/config';
import { done, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { isReservedTag, TagCalls } from '../provider/tag-calls';
import { outcomeOf, type WriteOutcome } from '../provider/write-outcome';
import { dropletMissing } from '../provisioning.errors';
import type { AcceptedRevert } from './revert-droplet.input';

type Ctx = StepContext<AcceptedRevert>;

/** The intent, recorded before tags are changed. */
interface TagsIntent {
  /** The previous tags, without reserved ones. */
  readonly from: readonly string[];
  /** When the last change without an answer was sent, ms since the step began. */
  readonly unansweredAtMs?: number;
}

const UNCONFIRMED_REASON = 'waiting for an unconfirmed change of tags to take effect';

/**
 * Adds tags to a droplet and removes others, but leaves reserved tags unchanged. Each change is idempotent and may be sent again. A change
 * without an answer may take effect until the lag bound has passed, so the step does not end before that.
 */
@Injectable()
export class SetTagsStep implements StepDefinition<AcceptedRevert> {
  readonly name = 'set_tags';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly tags: TagCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = (ctx: Ctx): Promise<StepAnswer> => this.ensureTags(ctx, ctx.input.tags);

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    const { from } = (ctx.intent ?? {}) as Partial<TagsIntent>;
    return from === undefined ? done() : this.ensureTags(ctx, from);
  };

  private async ensureTags(ctx: Ctx, wanted: readonly string[]): Promise<StepAnswer> {
    const { pollMs } = this.config.saga;
    const { lagMs } = this.config.provider;
    const before = ctx.intent as unknown as TagsIntent | null;
    const droplet = await this.droplets.get(ctx.input.droplet_id, ctx.signal);
    if (!droplet) return dropletMissing(ctx.input.droplet_id);
    const intent: TagsIntent = before ?? { from: droplet.tags.filter((tag) => !isReservedTag(tag)) };
    const { add, remove } = tagChanges(droplet.tags, wanted);
    if (add.length + remove.length === 0) {
      const leftMs = (intent.unansweredAtMs ?? -Infinity) + lagMs - ctx.sinceBegunMs;
      return leftMs > 0 ? wait(Math.min(leftMs, pollMs), UNCONFIRMED_REASON) : done({ from: intent.from, to: wanted });
    }
    await ctx.recordIntent({ ...intent });
    const changes = [
      ...add.map((tag) => () => this.tags.addToDroplet(tag, droplet.id, ctx.signal)),
      ...remove.map((tag) => () => this.tags.removeFromDroplet(tag, droplet.id, ctx.signal)),
    ];
    for (const change of changes) {
      await ctx.guard();
      const answer = await this.answerTo(ctx, intent, await outcomeOf(change()));
      if (answer) return answer;
    }
    return wait(pollMs, 'waiting for the changed tags of the droplet to become visible');
  }

  private async answerTo(ctx: Ctx, intent: TagsIntent, outcome: WriteOutcome<void>): Promise<StepAnswer | undefined> {
    if (outcome.is === 'done' || outcome.is === 'not_found') return undefined; // after a 404 the next execution reads the droplet again
    if (outcome.is === 'refused') return outcome.answer;
    await ctx.recordIntent({ ...intent, unansweredAtMs: ctx.sinceBegunMs });
    return wait(this.config.saga.pollMs, UNCONFIRMED_REASON);
  }
}

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
