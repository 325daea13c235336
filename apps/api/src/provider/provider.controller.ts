import { Controller, Get } from '@nestjs/common';
import { ProviderBudget, type ProviderBudgetView, type TokenBudget } from '#libs/digitalocean';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import type { DataOf } from '../http/http.dto';
import { ApiDataResponse } from '../http/response.decorators';
import { ApiCount, ApiEnum, ApiListOf, ApiTexts, ApiOperation, ApiShare, ApiTime, ApiWhole } from '../http/swagger.decorators';

class TokenBudgetResponse implements TokenBudget {
  @ApiTexts('Purposes that use the token, as far as the api knows tokens; several may share one')
  readonly purposes: readonly string[];

  @ApiCount('Calls left in this minute, the reserved share included')
  readonly minute_left: number;

  @ApiCount('Calls left in this hour, the reserved share included')
  readonly hour_left: number;

  @ApiEnum(
    ['ok', 'blocked', 'recovering', 'open', 'rejected'],
    '`blocked`: a 429 asked for a pause; `open`: the provider fails and only probes are sent; `rejected`: the provider refuses the token',
  )
  readonly state: TokenBudget['state'];

  @ApiTime('Since when the state is not `ok`', { nullable: true })
  readonly since: string | null;

  @ApiTime('End of the pause that the latest 429 asked for, also when it is over; null without one', { nullable: true })
  readonly blocked_until: string | null;
}

/** What the rate limiter has left. */
class ProviderBudgetResponse implements ProviderBudgetView {
  @ApiWhole('Calls that each token may make in a minute', { example: 250 })
  readonly per_minute: number;

  @ApiWhole('Calls that each token may make in an hour', { example: 5000 })
  readonly per_hour: number;

  @ApiShare('Share of both that only orders may use')
  readonly reserved_share: number;

  @ApiListOf(() => TokenBudgetResponse, 'The tokens of the configuration, and others that called within the hour')
  readonly tokens: readonly TokenBudgetResponse[];
}

@RequirePlatformAdmin()
@Controller('api/v1/provider')
export class ProviderController {
  constructor(private readonly budgets: ProviderBudget) {}

  @Get('budget')
  @ApiOperation({
    summary: 'Get the calls left at the provider',
    description: 'By token: calls left in the minute and in the hour, and whether the breaker or a refusal keeps calls back.',
  })
  @ApiDataResponse(ProviderBudgetResponse)
  async budget(): Promise<DataOf<ProviderBudgetResponse>> {
    return { data: await this.budgets.get() };
  }
}
