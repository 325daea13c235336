import { useQuery } from '@tanstack/react-query';
import { answered, api, type Schemas } from '../../client/client';
import { lessOf, moneyIn, monthText, plainDelta } from '../../parts/format';
import { IconCircleCheck } from '../../parts/icons';
import { Card } from '../../parts/page';
import { PlainTable } from '../../parts/plain-table';
import { ErrorState, Skeleton } from '../../parts/states';
import { Badge } from '../../parts/status';
import { TEXTS } from './texts';

type Invoice = Schemas['TenantInvoiceResponse'];

const { changes: WORDS } = TEXTS;
const POLL_MS = 30_000;
const figure = { numeric: true, width: 'money-col' } as const;

/** What a refresh would change of a draft: what it is built from may have moved since. */
export function ChangesCard({ invoice: { id, version, currency } }: { readonly invoice: Invoice }) {
  const changes = useQuery({
    queryKey: ['invoices', 'changes', id, version],
    queryFn: () => answered(api.GET('/api/v1/tenant-invoices/{id}/changes', { params: { path: { id } } })),
    refetchInterval: POLL_MS,
    retry: false,
  });
  const found = changes.data?.data;
  const amount = (value: string | null) => (value === null ? <span className="dim">{WORDS.nothing}</span> : moneyIn(value, currency));
  return (
    <Card
      title={WORDS.title}
      right={
        found?.outdated === false && (
          <Badge tone="ok" icon={IconCircleCheck}>
            {WORDS.none}
          </Badge>
        )
      }
    >
      {changes.error && <ErrorState error={changes.error} retry={() => void changes.refetch()} />}
      {changes.isPending && <Skeleton lines={2} />}
      {found?.outdated === false && <p className="pad mid">{WORDS.current}</p>}
      {found?.outdated && found.lines.length === 0 && <p className="pad mid">{WORDS.others}</p>}
      {found && found.lines.length > 0 && (
        <PlainTable
          label={WORDS.title}
          rows={found.lines}
          rowId={({ description, resource_id: resource, corrects }) => `${description} ${resource} ${corrects}`}
          columns={[
            {
              id: 'line',
              head: WORDS.line,
              wraps: true,
              cell: ({ change, description, corrects }) => (
                <>
                  {description}
                  {corrects && <span className="dim"> · {TEXTS.page.corrects(monthText(corrects))}</span>}{' '}
                  <span className="dim">{WORDS.change[change]}</span>
                </>
              ),
              total: (
                <>
                  {WORDS.net} <span className="mid">{plainDelta(lessOf(found.net_after, found.net_before))}</span>
                </>
              ),
            },
            {
              ...figure,
              id: 'before',
              head: WORDS.before,
              cell: ({ before }) => amount(before),
              total: moneyIn(found.net_before, currency),
            },
            { ...figure, id: 'after', head: WORDS.after, cell: ({ after }) => amount(after), total: moneyIn(found.net_after, currency) },
          ]}
        />
      )}
    </Card>
  );
}
