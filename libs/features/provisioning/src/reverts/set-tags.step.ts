import { CONFIG, type Config } from '#libs/config';
import { done, fail, wait, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { DropletCalls } from '../provider/droplet-calls';
import { isReservedTag } from '../provider/saga-tags';
import { TagCalls } from '../provider/tag-calls';
import { outcomeOf, type WriteOutcome } from '../provider/write-outcome';
import type { AcceptedRevert } from './revert-droplet.input';
import { tagChanges } from './tag-changes';

type Ctx = StepContext<AcceptedRevert>;

/** What the ledger keeps before tags are changed. */
interface TagsIntent {
  /** The tags before, without our own. */
  readonly from: readonly string[];
  /** When a change was asked for that nobody answered; ms since the step was begun. */
  readonly unansweredAtMs?: number;
}

/**
 * Puts tags on a droplet and takes others off, and leaves our own as they are. Each change says what is to be, so it may be asked for again; one
 * without an answer may still come true within the lag bound, so until then no look is the last one.
 */
@Injectable()
export class SetTagsStep implements StepDefinition<AcceptedRevert> {
  readonly name = 'set_tags';

  constructor(
    private readonly droplets: DropletCalls,
    private readonly tags: TagCalls,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  readonly execute = (ctx: Ctx): Promise<StepAnswer> => this.bring(ctx, ctx.input.tags);

  readonly compensate = async (ctx: Ctx): Promise<StepAnswer> => {
    const { from } = (ctx.intent ?? {}) as Partial<TagsIntent>;
    return from === undefined ? done() : this.bring(ctx, from);
  };

  private async bring(ctx: Ctx, wanted: readonly string[]): Promise<StepAnswer> {
    const { pollMs } = this.config.saga;
    const before = ctx.intent as unknown as TagsIntent | null;
    const droplet = await this.droplets.get(ctx.input.droplet_id, ctx.signal);
    if (!droplet) return fail({ code: 'droplet_gone', detail: 'The droplet does not exist any more' }, 'none');
    const intent: TagsIntent = before ?? { from: droplet.tags.filter((tag) => !isReservedTag(tag)) };
    const { add, remove } = tagChanges(droplet.tags, wanted);
    if (add.length + remove.length === 0) {
      const leftMs = (intent.unansweredAtMs ?? -Infinity) + this.config.provider.lagMs - ctx.sinceBegunMs;
      return leftMs > 0
        ? wait(Math.min(leftMs, pollMs), 'whether an unanswered change of tags comes late')
        : done({ from: intent.from, to: wanted });
    }
    await ctx.recordIntent({ ...intent });
    const changes = [
      ...add.map((tag) => () => this.tags.put(tag, droplet.id, ctx.signal)),
      ...remove.map((tag) => () => this.tags.take(tag, droplet.id, ctx.signal)),
    ];
    for (const change of changes) {
      await ctx.guard();
      const answer = await this.after(ctx, intent, await outcomeOf(change()));
      if (answer) return answer;
    }
    return wait(pollMs, 'the tags of the droplet');
  }

  private async after(ctx: Ctx, intent: TagsIntent, outcome: WriteOutcome<void>): Promise<StepAnswer | undefined> {
    if (outcome.is === 'done' || outcome.is === 'gone') return undefined; // gone: the next look says what is
    if (outcome.is === 'refused') return outcome.answer;
    await ctx.recordIntent({ ...intent, unansweredAtMs: ctx.sinceBegunMs });
    return wait(this.config.saga.pollMs, 'whether the tags were changed');
  }
}
