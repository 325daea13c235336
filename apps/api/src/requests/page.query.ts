import { Transform } from 'class-transformer';
import { IsInt, IsOptional, Matches, MaxLength, Min } from 'class-validator';

/** Rows of a page for which no limit was asked; fewer where fewer are allowed. */
export const DEFAULT_LIMIT = 50;

/** Which part of a list: every list takes it. */
export class PageQuery {
  /** Rows per page; the highest one is `config.http.pageLimitMax`. */
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value))
  @IsInt({ message: 'limit must be a whole number' })
  @Min(1, { message: 'limit must be at least 1' })
  readonly limit: number = DEFAULT_LIMIT;

  /** `next_cursor` of the page before; opaque. */
  @IsOptional()
  @MaxLength(1_024)
  @Matches(/^[\w-]+$/, { message: 'cursor must be the next_cursor of a page' })
  readonly cursor?: string;
}
