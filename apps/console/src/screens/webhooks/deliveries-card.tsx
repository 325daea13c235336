import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import types from '../../client/event-types.json';
import { Dialog } from '../../parts/dialog';
import { eventText } from '../../parts/event-types';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { count, exactTime, words } from '../../parts/format';
import { IconSend } from '../../parts/icons';
import { ListCard, useList } from '../../parts/list';
import { Facts } from '../../parts/page';
import { EmptyState, ErrorState } from '../../parts/states';
import { Age } from '../../parts/time';
import { TEXTS } from './texts';
import { DeliveryState, type Delivery } from './webhook-state';

const { log: LOG } = TEXTS;
/** Deliveries are no events, so a log with one on its way is asked for. */
const POLL_MS = 3_000;

const typeText = (type: string): string => (type === 'webhook.test' ? LOG.test : eventText(type));

const COLUMNS: readonly Column<Delivery>[] = [
  {
    id: 'event',
    head: LOG.heads.event,
    cell: ({ type }) => (
      <span className="nm">
        <span className="trunc">{typeText(type)}</span>
      </span>
    ),
  },
  { id: 'state', head: LOG.heads.state, width: 140, cell: (delivery) => <DeliveryState delivery={delivery} /> },
  { id: 'code', head: LOG.heads.code, width: 170, cell: (delivery) => <span className="mid">{answerText(delivery)}</span> },
  { id: 'tries', head: LOG.heads.tries, width: 56, numeric: true, cell: ({ attempts }) => attempts },
  { id: 'ms', head: LOG.heads.ms, width: 70, numeric: true, wide: true, cell: ({ last_ms: ms }) => (ms === null ? '' : count(ms)) },
  { id: 'at', head: LOG.heads.at, width: 90, numeric: true, cell: ({ created_at: at }) => <Age at={at} /> },
];

/** The status of the last answer, or why there was none. */
const answerText = ({ last_status: status, error_code: code }: Delivery): string =>
  [status, code && words(code)].filter((part) => part !== null && part !== '').join(' · ');

/** What was sent to a webhook. A row opens its delivery, from where it is sent again. */
export function DeliveriesCard({ id }: { readonly id: string }) {
  const { filters } = useFilters();
  const [open, setOpen] = useState<string | null>(null);
  const list = useList<Delivery, Schemas['DeliveryResponseList']>(
    ['deliveries', id, filters],
    (cursor, signal) =>
      answered(
        api.GET('/api/v1/webhooks/{id}/deliveries', {
          params: { path: { id }, query: { ...filters, limit: 100, cursor } as never },
          signal,
        }),
      ),
    { pollMs: POLL_MS, isBusy: ({ status }) => status === 'pending' },
  );
  const specs: readonly FilterSpec[] = [
    {
      name: 'status',
      label: LOG.filters.status,
      options: (['delivered', 'pending', 'failed'] as const).map((value) => ({ value, label: LOG.states[value] })),
    },
    { name: 'type', label: LOG.filters.type, options: [...types, 'webhook.test'].map((value) => ({ value, label: typeText(value) })) },
  ];
  const opened = list.rows.find((delivery) => delivery.id === open);
  return (
    <div className="deliveries">
      <h2 className="vh">{LOG.title}</h2>
      <FilterChips specs={specs} right={LOG.sub} />
      <ListCard
        list={list}
        label={LOG.title}
        columns={COLUMNS}
        rowId={({ id: delivery }) => delivery}
        onOpen={({ id: delivery }) => setOpen(delivery)}
        item={(delivery) => (
          <div className="item">
            <IconSend size={16} stroke={1.75} aria-hidden />
            <b className="trunc" style={{ fontWeight: 550 }}>
              {typeText(delivery.type)}
            </b>
            <span className="dim sm">
              <Age at={delivery.created_at} />
            </span>
            <span className="l2">
              <DeliveryState delivery={delivery} />
              <span className="dim trunc">{answerText(delivery)}</span>
            </span>
          </div>
        )}
        filters={specs}
        empty={<EmptyState {...LOG.empty} />}
      />
      {opened && <DeliveryDialog delivery={opened} close={() => setOpen(null)} />}
    </div>
  );
}

function DeliveryDialog({ delivery, close }: { readonly delivery: Delivery; readonly close: () => void }) {
  const client = useQueryClient();
  const { facts } = LOG;
  const resend = useMutation({
    mutationFn: () => answered(api.POST('/api/v1/webhook-deliveries/{id}/resend', { params: { path: { id: delivery.id } }, body: {} })),
    onSuccess: () => client.invalidateQueries({ queryKey: ['deliveries', delivery.webhook_id] }),
  });
  return (
    <Dialog title={typeText(delivery.type)} close={close}>
      <div className="form">
        <Facts
          rows={[
            [facts.state, <DeliveryState key="state" delivery={delivery} />],
            [facts.status, delivery.last_status ?? (delivery.attempts > 0 ? LOG.noAnswer : null)],
            [facts.error, delivery.error_code && words(delivery.error_code)],
            [facts.tries, String(delivery.attempts)],
            [facts.last, delivery.last_attempt_at && exactTime(delivery.last_attempt_at)],
            [facts.next, delivery.next_attempt_at && exactTime(delivery.next_attempt_at)],
            [facts.took, delivery.last_ms === null ? null : `${count(delivery.last_ms)} ms`],
            [facts.sequence, delivery.sequence === null ? null : String(delivery.sequence)],
            [
              facts.id,
              <span key="id" className="mono wrap">
                {delivery.id}
              </span>,
            ],
            [facts.written, exactTime(delivery.created_at)],
          ]}
        />
        <p className="mid">{LOG.resendText}</p>
        {resend.error && <ErrorState error={resend.error} />}
        {resend.isSuccess && <p role="status">{LOG.resent}</p>}
        <div className="go">
          <button type="button" className="btn" onClick={close}>
            {LOG.close}
          </button>
          <button type="button" className="btn pri" disabled={resend.isPending} onClick={() => resend.mutate()}>
            {LOG.resend}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
