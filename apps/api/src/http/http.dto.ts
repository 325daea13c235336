import { Transform } from 'class-transformer';
import { ValidationFailedError, type FieldError } from '#libs/kernel';
import { IsBoolean, IsInt, IsOptional, IsString, Matches, MaxLength, Min } from 'class-validator';
import { ApiFlag, ApiInput, ApiMapOf, ApiObject, ApiText, ApiTime } from './swagger.decorators';
import { IsNotBlank, IsOneOf, IsTimestamp } from './input.decorators';

/** Rows per page when no limit is given; fewer where the configured maximum is lower. */
export const DEFAULT_LIMIT = 50;

/** The part of a list that a request asks for. Every list has these parameters. */
export class PageQuery {
  /** Rows per page. The configured maximum is `config.http.pageLimitMax`. */
  @ApiInput('Rows per page', { default: DEFAULT_LIMIT })
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' && /^[1-9]\d{0,5}$/.test(value) ? Number(value) : value))
  @IsInt()
  @Min(1)
  readonly limit: number = DEFAULT_LIMIT;

  @ApiInput('`next_cursor` of the previous page; opaque')
  @IsOptional()
  @MaxLength(1_024)
  @Matches(/^[\w-]+$/, { message: 'cursor must be the next_cursor of a page' })
  readonly cursor?: string;
}

/** A part of a list by time. `since` belongs to it, `until` does not. */
export class TimeRangeQuery extends PageQuery {
  @ApiInput('Only rows of this time or later', { example: '2026-11-01T00:00:00Z' })
  @IsOptional()
  @IsTimestamp()
  readonly since?: string;

  @ApiInput('Only rows before this time')
  @IsOptional()
  @IsTimestamp()
  readonly until?: string;
}

/** The query of a change that can be planned first. */
export class DryRunQuery {
  @ApiInput('`true`: return the plan and change nothing')
  @IsOptional()
  @IsOneOf(['true', 'false'])
  readonly dry_run?: string;
}

/** Where the next page of a list begins. */
export class Page {
  @ApiText('Cursor of the next page; null on the last page', { nullable: true })
  readonly next_cursor: string | null;
}

/** How complete the data of one kind is. */
export class Completeness {
  @ApiTime('Start of the last complete sweep; null when none has completed', { nullable: true })
  readonly as_of: string | null;

  @ApiFlag('Whether the latest sweep was complete')
  readonly complete: boolean;

  @ApiText('Why the latest sweep was not complete; `unreadable_item` with a complete one that could not read some objects', {
    nullable: true,
  })
  readonly reason: string | null;
}

/** Freshness of an answer about many objects. */
export class Freshness {
  @ApiTime('Start of the oldest last complete sweep among the kinds in scope; null if one of them never completed', { nullable: true })
  readonly as_of: string | null;

  @ApiMapOf(() => Completeness, 'By kind: the last complete sweep, and whether and why the latest one was not complete')
  readonly completeness: Record<string, Completeness>;
}

/** One page of a list. */
export class ListFields extends Freshness {
  @ApiObject(() => Page, 'Position in the list')
  readonly page: Page;
}

/** The answer of a list route. */
export type ListOf<T> = ListFields & { readonly data: readonly T[] };

/** The answer of a route that counts. */
export type CountsOf<T> = FreshDataOf<T>;

/** The answer of a route about one object, with the freshness of its kind. */
export type FreshDataOf<T> = Freshness & { readonly data: T };

/** The answer of a route about one object. */
export interface DataOf<T> {
  readonly data: T;
}

const MAX_REASON = 500;

/** Body of a change by a person, with an optional reason. */
export class ReasonBody {
  @ApiInput('Recorded in the audit log, in the transaction of the change', { example: 'moved by contract 12' })
  @IsOptional()
  @IsString()
  @MaxLength(MAX_REASON)
  readonly reason?: string;
}

/** Body of a change of an owner, which may reach into the past. */
export class OwnershipBody extends ReasonBody {
  @ApiInput('The owner counts from this past time on, so that the history and later invoices say so; needs a `reason`', {
    example: '2026-11-01T00:00:00Z',
  })
  @IsOptional()
  @IsTimestamp()
  readonly effective_from?: string;

  /** Throws for a time in the future, and for a correction without a reason or without an owner. */
  toOwnerOptions(hasOwner: boolean): { readonly effectiveFrom?: string } {
    const { effective_from: effectiveFrom, reason } = this;
    if (effectiveFrom === undefined) return {};
    const problems: FieldError[] = [];
    if (Date.parse(effectiveFrom) > Date.now()) problems.push({ field: 'effective_from', message: 'effective_from must be in the past' });
    if (!hasOwner) problems.push({ field: 'effective_from', message: 'effective_from needs tenant_id or unassigned' });
    if (reason === undefined || reason.trim() === '')
      problems.push({ field: 'reason', message: 'is missing: a correction of the past needs one' });
    if (problems.length > 0) throw new ValidationFailedError(problems);
    return { effectiveFrom };
  }
}

/** Body of a start. Admins may override what limits refuse, with a reason. */
export class OverrideBody extends ReasonBody {
  @ApiInput('Admins only, with a `reason`: start although a limit or the status of the tenant refuses, and without approval', {
    example: false,
  })
  @IsOptional()
  @IsBoolean()
  readonly override?: boolean;

  /** Throws `ValidationFailedError` for an override without a reason. */
  requestsOverride(): boolean {
    if (this.override === true && (this.reason ?? '').trim() === '')
      throw new ValidationFailedError([{ field: 'reason', message: 'reason is missing: an override needs one' }]);
    return this.override === true;
  }
}

/** Body of a change that needs a reason. */
export class RequiredReasonBody {
  @ApiInput('Recorded in the audit log, in the transaction of the change', { example: 'checked at the provider' })
  @MaxLength(MAX_REASON)
  @IsNotBlank()
  readonly reason: string;
}
