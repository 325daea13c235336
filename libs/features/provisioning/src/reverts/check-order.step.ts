import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';
import type { AcceptedRevert } from './revert-droplet.input';

/**
 * Fails when the desired state has changed since the revert was requested. An accept of the same drift may have committed just before, or
 * may still be running, so the version is read with a lock.
 */
@Injectable()
export class CheckOrderStep implements StepDefinition<AcceptedRevert> {
  readonly name = 'check_order';

  constructor(private readonly desiredStates: DesiredStateRepository) {}

  readonly execute = async ({ input }: StepContext<AcceptedRevert>): Promise<StepAnswer> => {
    if ((await this.desiredStates.lockVersion(input.resource_id)) === input.spec_version) return done();
    return fail({ code: 'order_changed', detail: 'The desired state has changed since the revert was requested' }, 'none');
  };
}
