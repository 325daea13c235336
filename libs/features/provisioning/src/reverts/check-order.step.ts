import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../spec/provisioned-specs';
import type { AcceptedRevert } from './revert-droplet.input';

/** Begins only if nothing else has been ordered since the revert was asked for: an accept of the same drift may have been a moment sooner, or be about to end. */
@Injectable()
export class CheckOrderStep implements StepDefinition<AcceptedRevert> {
  readonly name = 'check_order';

  constructor(private readonly specs: DesiredStateRepository) {}

  readonly execute = async ({ input }: StepContext<AcceptedRevert>): Promise<StepAnswer> => {
    if ((await this.specs.lockVersion(input.resource_id)) === input.spec_version) return done();
    return fail({ code: 'order_changed', detail: 'Something else has been ordered since the revert was asked for' }, 'none');
  };
}
