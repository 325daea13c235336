import { CONFIG, type Config } from '#libs/config';
import { SagaQueries } from '#libs/saga';
import { Inject, Injectable } from '@nestjs/common';
import { sagaOfTag } from '../provider/saga-tags';
import { TagCalls } from '../provider/tag-calls';
import { ProviderMark } from './provider-mark';

/** Removes the tag objects of sagas that are over, when nothing carries them any more: they are what finds late effects, so not before the grace is over. */
@Injectable()
export class SagaTagObjects {
  constructor(
    private readonly tags: TagCalls,
    private readonly sagas: SagaQueries,
    private readonly mark: ProviderMark,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  /** Answers how many. */
  async remove(): Promise<number> {
    const listed = await this.tags.list();
    await this.mark.removeOlder(listed.map(({ name }) => name));
    const empty = listed.flatMap(({ name, count }) => {
      const sagaId = sagaOfTag(name);
      return sagaId !== undefined && count === 0 ? [{ name, sagaId }] : [];
    });
    const sagas = await this.sagas.findByIds(empty.map(({ sagaId }) => sagaId));
    const over = empty.filter(({ sagaId }) => (sagas.get(sagaId)?.endedMsAgo ?? 0) > this.config.saga.reaperGraceMs);
    for (const { name } of over) await this.tags.remove(name);
    return over.length;
  }
}
