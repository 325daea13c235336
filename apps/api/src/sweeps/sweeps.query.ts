import { IsOptional } from 'class-validator';
import { PageQuery } from '../requests/page.query';
import { IsWord } from '../requests/validators';

export class SweepsQuery extends PageQuery {
  @IsOptional()
  @IsWord()
  readonly kind?: string;
}
