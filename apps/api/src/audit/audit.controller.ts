import { Body, Controller, Get, HttpCode, Injectable, Post, Query, type StreamableFile } from '@nestjs/common';
import { ProjectService } from '#libs/accounts';
import { AuditLog, type AuditView } from '#libs/audit';
import { InventoryReader } from '#libs/inventory';
import { WebhookEndpoints } from '#libs/notifications';
import { RateCardService, TenantInvoiceReader } from '#libs/tenant-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { csvDownload, type CsvColumns } from '../http/csv-download';
import type { DataOf, ListOf } from '../http/http.dto';
import { ApiDataResponse, ApiFileResponse, ApiListResponse, ApiProblems } from '../http/response.decorators';
import { ApiOperation } from '../http/swagger.decorators';
import { AuditEntryResponse, AuditQuery, AuditVerificationResponse, VerifyAuditBody } from './audit.dto';
import { ChainCheck } from './chain-check';

const PLATFORM = { kind: 'platform' } as const;

/** The part of an entry that leads to a name: its target, and the resource that its details name. */
type Entry = Pick<AuditView, 'id' | 'target_type' | 'target_id' | 'details'>;

/** Finds names for the targets of audit entries, because an id alone tells people nothing. For platform admins only. */
@Injectable()
export class TargetNames {
  constructor(
    private readonly inventory: InventoryReader,
    private readonly projects: ProjectService,
    private readonly tenantInvoices: TenantInvoiceReader,
    private readonly rateCards: RateCardService,
    private readonly webhooks: WebhookEndpoints,
  ) {}

  /** By the id of the entry: what it is about, or the resource that its details name. An entry about what is gone has the name in its details, or none. */
  async of(entries: readonly Entry[]): Promise<Map<string, string>> {
    const idsOf = (type: string) =>
      entries.flatMap((entry) => (entry.target_type === type && isId(entry.target_id) ? [entry.target_id] : []));
    const resources = await this.inventory.namesOf(PLATFORM, entries.flatMap(resourceOf));
    const targets = new Map([
      ...(await this.projects.namesOf(idsOf('project'))),
      ...(await this.tenantInvoices.namesOf(idsOf('tenant_invoice'))),
      ...(await this.rateCards.namesOf(idsOf('rate_card'))),
      ...(await this.webhooks.namesOf(idsOf('webhook'))),
    ]);
    return new Map(
      entries.flatMap((entry) => {
        const [resource = ''] = resourceOf(entry);
        const name = targets.get(entry.target_id) ?? resources.get(resource) ?? nameInDetails(entry);
        return name === undefined ? [] : [[entry.id, name] as const];
      }),
    );
  }
}

function resourceOf({ target_type, target_id, details }: Entry): string[] {
  const id = target_type === 'resource' ? target_id : details['resource_id'];
  return isId(id) ? [id] : [];
}

function nameInDetails({ target_type, details }: Entry): string | undefined {
  const name = details[NAMED_BY[target_type] ?? 'target_name'] ?? details['name'];
  return typeof name === 'string' || typeof name === 'number' ? String(name) : undefined;
}

/** The detail that names the target. A saga that creates something has the name of what it creates. */
const NAMED_BY: Readonly<Record<string, string>> = {
  sweep: 'kind',
  webhook: 'url',
  billing_run: 'period',
  tax_rule: 'label',
  rate_override: 'tenant_id',
  wallet_entry: 'tenant_id',
  attribution_rule: 'position',
};

const isId = (value: unknown): value is string => typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value);

/** Rows per statement: a file is read in fewer, longer pages than a list. */
const ROWS_PER_READ = 1_000;

const COLUMNS: CsvColumns<AuditEntryResponse> = {
  id: (entry) => entry.id,
  at: (entry) => entry.at,
  actor: (entry) => entry.actor,
  actor_role: (entry) => entry.actor_role,
  actor_tenant_id: (entry) => entry.actor_tenant_id,
  action: (entry) => entry.action,
  target_type: (entry) => entry.target_type,
  target_id: (entry) => entry.target_id,
  target_name: (entry) => entry.target_name,
  reason: (entry) => entry.reason,
  details: (entry) => JSON.stringify(entry.details),
  request_id: (entry) => entry.request_id,
};

@RequirePlatformAdmin()
@Controller('api/v1')
export class AuditController {
  constructor(
    private readonly audit: AuditLog,
    private readonly names: TargetNames,
    private readonly chain: ChainCheck,
  ) {}

  @Get('audit')
  @ApiOperation({ summary: 'List audit log entries', description: 'Newest first.' })
  @ApiListResponse(AuditEntryResponse)
  list(@Query() query: AuditQuery): Promise<ListOf<AuditEntryResponse>> {
    return this.read(query, query.limit, query.cursor);
  }

  @Get('audit.csv')
  @ApiOperation({
    summary: 'Download audit log entries as CSV',
    description: 'Has the filters of the list. The file always contains the whole list, whatever `limit` and `cursor` are.',
  })
  @ApiFileResponse('text/csv', 'RFC 4180 in UTF-8, with a header line')
  download(@Query() query: AuditQuery): Promise<StreamableFile> {
    return csvDownload('audit.csv', COLUMNS, (cursor) => this.read(query, ROWS_PER_READ, cursor));
  }

  @Post('audit/verify')
  @HttpCode(200)
  @ApiOperation({
    summary: 'Verify events and audit log',
    description:
      'Reads every event and every entry, and says whether one was changed, added or removed since it was recorded. Changes nothing. Keep the ' +
      '`head` of the answer outside this database, and send it with the next verification.',
  })
  @ApiDataResponse(AuditVerificationResponse)
  @ApiProblems(409, 503)
  async verify(@Body() { head }: VerifyAuditBody): Promise<DataOf<AuditVerificationResponse>> {
    const checked = await this.chain.verify(head);
    return {
      data: {
        whole: checked.findingsCount === 0,
        rows: checked.rows,
        waiting: checked.waiting,
        head: checked.head,
        archived_before: checked.archivedBefore?.toISOString() ?? null,
        findings: checked.findings.map(({ what, table, id, digest = null }) => ({ what, table, id, digest })),
        findings_count: checked.findingsCount,
      },
    };
  }

  /** The log is complete at every read, because a change and its entry are one transaction. [OPS-9] */
  private async read(query: AuditQuery, limit: number, cursor: string | undefined): Promise<ListOf<AuditEntryResponse>> {
    const asOf = new Date().toISOString();
    const { entries, next_cursor } = await this.audit.list(query.toFilters(), { limit, cursor });
    const names = await this.names.of(entries);
    const data = entries.map((entry) => ({ ...entry, target_name: names.get(entry.id) ?? null }));
    return { data, page: { next_cursor }, as_of: asOf, completeness: {} };
  }
}
