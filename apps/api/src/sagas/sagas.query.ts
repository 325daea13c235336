import { IsIn, IsOptional } from 'class-validator';
import { PageQuery } from '../requests/page.query';
import { IsWord } from '../requests/validators';

const STATUSES = ['pending', 'running', 'compensating', 'completed', 'rolled_back', 'failed', 'compensation_failed'];

export class SagasQuery extends PageQuery {
  @IsOptional()
  @IsIn(STATUSES)
  readonly status?: string;

  @IsOptional()
  @IsWord()
  readonly kind?: string;
}
