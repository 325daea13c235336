import { ApiEnum, ApiObject, ApiText } from '../http/swagger.decorators';
import { CHECKS } from '../http/problem';

type Check = (typeof CHECKS)[number];

/** The process is alive. */
export class HealthResponse {
  @ApiEnum(['ok'], 'Always `ok`')
  readonly status: 'ok';

  @ApiEnum(['arcadia-cloud'], 'Name of the service')
  readonly service: 'arcadia-cloud';

  @ApiText('Version of the service', { example: '0.2.0' })
  readonly version: string;
}

class ServingChecks {
  @ApiEnum(CHECKS, 'State of the database')
  readonly database: Check;
}

class ReadinessChecks extends ServingChecks {
  @ApiEnum(CHECKS, 'State of the queues')
  readonly queues: Check;
}

/** The process and all its dependencies are ready. */
export class ReadinessResponse {
  @ApiEnum(['ready'], 'Always `ready`')
  readonly status: 'ready';

  @ApiObject(() => ReadinessChecks, 'State of each dependency')
  readonly checks: ReadinessChecks;
}

/** The process can handle requests. */
export class ServingResponse {
  @ApiEnum(['serving'], 'Always `serving`')
  readonly status: 'serving';

  @ApiObject(() => ServingChecks, 'State of each dependency of requests')
  readonly checks: ServingChecks;
}
