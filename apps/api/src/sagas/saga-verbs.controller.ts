import { applyDecorators, Body, Controller, Get, HttpCode, Param, Post } from '@nestjs/common';
import type { AuditContext } from '#libs/audit';
import type { Principal } from '#libs/identity';
import { SagaVerbs, StepOutputs, type SagaVerb } from '#libs/saga';
import { CurrentPrincipal, RequirePlatformAdmin, RequireTenantOrAdmin } from '../auth/access.decorator';
import type { DataOf } from '../http/http.dto';
import { AuditCtx, IdempotencyKey } from '../http/request-context';
import { ApiDataResponse, ApiIdParam, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';
import { PolicyBody, SagaTimelineResponse, SkipBody, StepOutputBody, VerbBody } from './saga-verbs.dto';
import { SagaResponse } from './sagas.dto';
import { SagasService } from './sagas.service';

/** A verb of admins: its route, its documentation, and the problems of every verb. */
const Verb = (verb: SagaVerb | 'give-up', summary: string, description: string, status = 200) =>
  applyDecorators(
    Post(`:id/${verb}`),
    HttpCode(status),
    RequirePlatformAdmin(),
    ApiOperation({ summary, description }),
    ApiIdParam('saga'),
    ApiDataResponse(SagaResponse, status),
    ApiProblems(404, 409),
  );

/** The verbs by which admins steer a saga. `actions` of a saga lists those that are possible now. */
@RequireTenantOrAdmin()
@Controller('api/v1/sagas')
export class SagaVerbsController {
  constructor(
    private readonly sagas: SagasService,
    private readonly verbs: SagaVerbs,
    private readonly outputs: StepOutputs,
  ) {}

  @Get(':id/timeline')
  @ApiOperation({
    summary: 'Get the course of a saga',
    description:
      'Every try of every step with its waits, the compensation in its own lane, and what the saga has to do with others. Admins also get ' +
      'workers, intents and the calls at the provider.',
  })
  @ApiIdParam('saga')
  @ApiDataResponse(SagaTimelineResponse)
  @ApiProblems(404)
  async timeline(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<DataOf<SagaTimelineResponse>> {
    return { data: await this.sagas.timeline(by, id) };
  }

  @Verb('pause', 'Pause a saga', 'The step in flight ends and its result is kept; no other begins. A second pause changes nothing.')
  async pause(
    @Param('id', UuidPipe) id: string,
    @Body() body: VerbBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.steer(by, id, this.verbs.pause(body.toRequest(id, context, key))) };
  }

  @Verb('resume', 'Resume a paused saga', 'It goes on now. The limits of its waits stood still meanwhile.')
  async resume(
    @Param('id', UuidPipe) id: string,
    @Body() body: VerbBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.steer(by, id, this.verbs.resume(body.toRequest(id, context, key))) };
  }

  @Verb('retry-step', 'Give the current step fresh tries, now', 'For a step between two tries, and for a paused saga, whose pause ends.')
  async retryStep(
    @Param('id', UuidPipe) id: string,
    @Body() body: VerbBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.steer(by, id, this.verbs.retryStep(body.toRequest(id, context, key))) };
  }

  @Verb('set-policy', 'Set tries, pauses and limits of a saga', 'They replace those of its steps; limits that are not given stay.')
  async setPolicy(
    @Param('id', UuidPipe) id: string,
    @Body() body: PolicyBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    const policy = body.toPolicy();
    return { data: await this.sagas.steer(by, id, this.verbs.setPolicy(body.toRequest(id, context, key), policy)) };
  }

  @Verb(
    'skip',
    'Go on without the current step',
    'For a step that declares it, between two tries or after its failure; never a pivot. 409 `output_required` where later steps use its output.',
  )
  async skip(
    @Param('id', UuidPipe) id: string,
    @Body() body: SkipBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.steer(by, id, this.verbs.skip(body.toRequest(id, context, key), body.output ?? null)) };
  }

  @Verb(
    'complete-with-output',
    'Propose the output of a step',
    'For a step whose outcome stayed unknown. The step checks the output, also at the provider; the saga is paused until another admin approves or ' +
      'rejects it.',
    202,
  )
  async completeWithOutput(
    @Param('id', UuidPipe) id: string,
    @Body() body: StepOutputBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.steer(by, id, this.outputs.propose(body.toRequest(id, context, key), body.output)) };
  }

  @Verb('give-up', 'Give a failed saga up', 'Another name of `release`: what it holds is released, and its leftovers stay listed.')
  async giveUp(
    @Param('id', UuidPipe) id: string,
    @Body() body: VerbBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.releaseHolds(by, body.toRequest(id, context, key)) };
  }

  @Verb(
    'redrive',
    'Start a rolled back saga again',
    'Starts a new saga with the same kind and input, judged anew; the answer is the new saga, with `redriven_from`. 409 `already_redriven` while one of ' +
      'them may have an effect.',
    202,
  )
  async redrive(
    @Param('id', UuidPipe) id: string,
    @Body() body: VerbBody,
    @CurrentPrincipal() by: Principal,
    @AuditCtx() context: AuditContext,
    @IdempotencyKey() key: string | undefined,
  ): Promise<DataOf<SagaResponse>> {
    return { data: await this.sagas.redrive(by, body.toRequest(id, context, key)) };
  }
}
