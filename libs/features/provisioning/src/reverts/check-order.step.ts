import { done, fail, type StepAnswer, type StepContext, type StepDefinition } from '#libs/saga';
import { Injectable } from '@nestjs/common';
import { DesiredStateRepository } from '../desired-state/desired-state.repository';

interface Based {
  readonly resource_id: string;
  /** The version of the desired state that the revert is based on. */
  readonly spec_version: number;
}

/**
 * Fails when the desired state has changed since the revert was requested. An accept of the same drift may have committed just before, or
 * may still be running, so the version is read with a lock.
 */
@Injectable()
export class CheckOrderStep implements StepDefinition<Based> {
  readonly name = 'check_order';

  constructor(private readonly desiredStates: DesiredStateRepository) {}

  readonly outline = () => ({ does: 'Checks that the desired state is still the same', calls: { min: 0, typical: 0 } });

  readonly execute = async ({ input }: StepContext<Based>): Promise<StepAnswer> => {
    if ((await this.desiredStates.lockVersion(input.resource_id)) === input.spec_version) return done();
    return fail({ code: 'order_changed', detail: 'The desired state has changed since the revert was requested' }, 'none');
  };
}
