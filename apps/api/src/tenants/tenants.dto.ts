import { IsEmail, IsIn, IsOptional, IsString, MaxLength, MinLength } from 'class-validator';
import type { UnknownTenantView } from '#libs/accounts';
import { ValidationFailedError } from '#libs/kernel';
import {
  TENANT_SORTS,
  TENANT_STATUSES,
  type NewTenant,
  type StatusPreview,
  type TenantChange,
  type TenantFilters,
  type TenantSort,
  type TenantStatus,
  type TenantView,
  type Usage,
} from '#libs/tenants';
import { PageQuery, ReasonBody } from '../http/http.dto';
import { LimitsResponse } from '../limits/limits.dto';
import { IsNotBlank, IsOneOf, IsSomeOf, IsTenantId, OrNull, wordsIn } from '../http/input.decorators';
import { ApiAnyObject, ApiCount, ApiEnum, ApiInput, ApiObject, ApiMeasure, ApiText, ApiTexts, ApiTime } from '../http/swagger.decorators';

const LONGEST_NAME = 200;
const LONGEST_EMAIL = 254;
const LONGEST_NOTES = 5_000;
const LONGEST_REASON = 500;

/** Filters of the list of tenants. */
export class TenantsQuery extends PageQuery {
  @ApiInput('Status; several are separated by commas', { example: 'active,suspended' })
  @IsOptional()
  @IsSomeOf(TENANT_STATUSES)
  readonly status?: string;

  @ApiInput('Part of the id, the name, the e-mail address or the notes; letter case does not matter', { example: 'acme' })
  @IsOptional()
  @MinLength(1)
  @MaxLength(200)
  readonly q?: string;

  @ApiInput('Order of the rows; a minus reverses it. By id unless given')
  @IsOptional()
  @IsOneOf(TENANT_SORTS)
  readonly sort?: TenantSort;

  toFilters(): TenantFilters {
    const { status, q, sort } = this;
    return { status: status === undefined ? undefined : (wordsIn(status) as TenantStatus[]), q, sort };
  }
}

/** A tenant to register. */
export class NewTenantBody extends ReasonBody {
  @ApiInput('The text that tokens and `tenant:<id>` descriptions carry. It never changes', { example: 'acme' })
  @IsTenantId()
  readonly id: string;

  @ApiInput('Name for people; the id unless given', { example: 'Acme Ltd' })
  @IsOptional()
  @MaxLength(LONGEST_NAME)
  @IsNotBlank()
  readonly name?: string;

  @ApiInput('E-mail address of a person at the tenant', { example: 'ops@acme.example' })
  @IsOptional()
  @OrNull()
  @MaxLength(LONGEST_EMAIL)
  @IsEmail()
  readonly contact_email?: string | null;

  @ApiInput('Notes for admins; a tenant never sees them')
  @IsOptional()
  @OrNull()
  @IsString()
  @MaxLength(LONGEST_NOTES)
  readonly notes?: string | null;

  toTenant(): NewTenant {
    const { id, name, contact_email, notes } = this;
    return { id, name, contact_email, notes };
  }
}

/** Changes to a tenant; a field that is missing keeps its value. */
export class TenantBody extends ReasonBody {
  @ApiInput('Name for people', { example: 'Acme Ltd' })
  @IsOptional()
  @MaxLength(LONGEST_NAME)
  @IsNotBlank()
  readonly name?: string;

  @ApiInput('E-mail address of a person at the tenant; null removes it', { example: 'ops@acme.example' })
  @IsOptional()
  @OrNull()
  @MaxLength(LONGEST_EMAIL)
  @IsEmail()
  readonly contact_email?: string | null;

  @ApiInput('Notes for admins; null removes them')
  @IsOptional()
  @OrNull()
  @IsString()
  @MaxLength(LONGEST_NOTES)
  readonly notes?: string | null;

  @ApiInput('Status; `dry_run=true` shows first what it would stop')
  @IsOptional()
  @IsIn(TENANT_STATUSES)
  readonly status?: TenantStatus;

  @ApiInput('While it is set, the tenant orders nothing new; null lets it order again', { example: 'invoice 2026-10 is unpaid' })
  @IsOptional()
  @OrNull()
  @MaxLength(LONGEST_REASON)
  @IsNotBlank()
  readonly orders_blocked_reason?: string | null;

  /** Throws when the body names no field to change: a request with a reason alone is a mistake. */
  toChange(): TenantChange {
    const { name, contact_email, notes, status, orders_blocked_reason } = this;
    const change = { name, contact_email, notes, status, orders_blocked_reason };
    if (Object.values(change).every((value) => value === undefined)) {
      throw new ValidationFailedError([{ field: '', message: `${Object.keys(change).join(', ')}: one of them must be given` }]);
    }
    return change;
  }

  /** The status of a dry run. Throws for a body with another change, which a dry run does not cover. */
  toStatus(): TenantStatus {
    const { status, ...others } = this.toChange();
    const other = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
    if (other !== undefined)
      throw new ValidationFailedError([{ field: other, message: 'a dry run shows what a status stops: send status alone' }]);
    if (status === undefined) throw new ValidationFailedError([{ field: 'status', message: 'is missing' }]);
    return status;
  }
}

/** What the provider's last ingested invoice attributed to a tenant. */
export class LastInvoicedResponse {
  @ApiText('Month of the invoice', { example: '2026-10' })
  readonly period: string;

  @ApiText('Decimal amount; 0.00 when the invoice has no line of the tenant')
  readonly amount: string;
}

/** What a tenant has at this moment. */
export class UsageResponse implements Usage {
  @ApiAnyObject('Number of living resources by kind', { example: { droplet: 9, volume: 2 } })
  readonly resources: Readonly<Record<string, number>>;

  @ApiCount('Virtual CPUs of all droplets, also of those that are switched off')
  readonly vcpus: number;

  @ApiMeasure('Memory of all droplets in GiB')
  readonly memory_gib: number;

  @ApiMeasure('Size of all volumes in GiB')
  readonly volume_gib: number;

  @ApiCount('Open drifts of its resources')
  readonly open_drift: number;

  @ApiCount('Sagas that have not ended')
  readonly running_sagas: number;

  @ApiText('Monthly price of all of it, decimal. Resources without a price count as nothing; `totals` of the inventory counts them')
  readonly monthly_run_rate: string;

  @ApiText(
    'Accrued in the running month until about a minute ago, decimal, for a tenant at its sell prices; null before the first complete sweep',
    {
      nullable: true,
      example: '143.77',
    },
  )
  readonly month_to_date: string | null;

  @ApiObject(
    () => LastInvoicedResponse,
    "What the provider's last invoice attributed to it; null without an invoice, and for the tenant itself",
    {
      nullable: true,
    },
  )
  readonly last_invoiced: LastInvoicedResponse | null;

  @ApiText('Currency of the amounts')
  readonly currency: string;

  @ApiTime('Start of the oldest last complete sweep; null if a kind was never swept completely', { nullable: true })
  readonly as_of: string | null;
}

/** A tenant, as admins see it. */
export class TenantResponse implements TenantView {
  @ApiText('The text that tokens and `tenant:<id>` descriptions carry')
  readonly id: string;

  @ApiText('Name for people')
  readonly name: string;

  @ApiEnum(TENANT_STATUSES, 'Status')
  readonly status: TenantStatus;

  @ApiEnum(['description', 'admin'], 'Who registered it: the descriptions of projects at the first mirror of an account, or an admin')
  readonly source: 'description' | 'admin';

  @ApiText('E-mail address of a person at the tenant', { nullable: true })
  readonly contact_email: string | null;

  @ApiText('Notes for admins', { nullable: true })
  readonly notes: string | null;

  @ApiText('Why the tenant can order nothing new; null when it can', { nullable: true })
  readonly orders_blocked_reason: string | null;

  @ApiTime('Time of its registration')
  readonly created_at: string;

  @ApiTime('Time when it was closed', { nullable: true })
  readonly closed_at: string | null;

  @ApiObject(() => UsageResponse, 'What it has')
  readonly usage: UsageResponse;

  @ApiObject(() => LimitsResponse, 'The limits that apply to it')
  readonly limits: LimitsResponse;
}

/** Why a change would be refused. */
export class RefusalResponse {
  @ApiCount('HTTP status')
  readonly status: number;

  @ApiText('Stable code')
  readonly code: string;

  @ApiText('What is in the way')
  readonly detail: string;
}

/** What a status would stop. Nothing was changed. */
export class StatusPreviewResponse implements StatusPreview {
  @ApiEnum(TENANT_STATUSES, 'The present status')
  readonly from: TenantStatus;

  @ApiEnum(TENANT_STATUSES, 'The status of the dry run')
  readonly to: TenantStatus;

  @ApiTexts('What the tenant could do no more: `reads`, `new_starts`, `new_ownership`')
  readonly stops: StatusPreview['stops'];

  @ApiTexts('What the tenant could do again')
  readonly resumes: StatusPreview['resumes'];

  @ApiCount('Living resources, which stay its own')
  readonly resources: number;

  @ApiCount('Living projects, which stay its own')
  readonly projects: number;

  @ApiCount('Sagas that have not ended; they go on')
  readonly open_sagas: number;

  @ApiObject(() => RefusalResponse, 'Why the change would be refused; null when it would not', { nullable: true })
  readonly refused: StatusPreview['refused'];
}

/** An id that no tenant has, or two ids that a reader would confuse. */
export class UnknownTenantResponse implements UnknownTenantView {
  @ApiText('The id')
  readonly id: string;

  @ApiEnum(
    ['not_registered', 'differs_by_case'],
    '`not_registered`: the description of a project names it. `differs_by_case`: it is registered, and so is `nearest_id`',
  )
  readonly reason: UnknownTenantView['reason'];

  @ApiText('The project with the description', { nullable: true })
  readonly project_id: string | null;

  @ApiText('Name of that project', { nullable: true })
  readonly project_name: string | null;

  @ApiText('The registered id that it most likely means', { nullable: true })
  readonly nearest_id: string | null;
}
