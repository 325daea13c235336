import { useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import type { Column } from '../../parts/data-table';
import { eventsText } from '../../parts/event-types';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { IconMail, IconPlus, IconWebhook } from '../../parts/icons';
import { ListCard, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { Age } from '../../parts/time';
import { TenantName, useTenantOptions } from '../../shell/counts';
import { useSession } from '../../shell/session';
import { SecretDialog } from './secret-dialog';
import { TEXTS } from './texts';
import { WebhookForm } from './webhook-form';
import { WebhookState, type Webhook } from './webhook-state';
import './webhooks.css';

const COLUMNS: readonly Column<Webhook>[] = [
  {
    id: 'url',
    head: TEXTS.heads.url,
    cell: ({ url, description }) => (
      <span className="nm">
        <IconWebhook size={14} stroke={1.75} aria-hidden />
        <span className="trunc" title={url}>
          {description ? `${description} · ${url}` : url}
        </span>
      </span>
    ),
  },
  { id: 'state', head: TEXTS.heads.state, width: 110, cell: (webhook) => <WebhookState webhook={webhook} /> },
  {
    id: 'events',
    head: TEXTS.heads.events,
    width: 280,
    wide: true,
    cell: ({ types }) => (
      <span className="mid" title={eventsText(types)}>
        {eventsText(types)}
      </span>
    ),
  },
  {
    id: 'tenant',
    head: TEXTS.heads.tenant,
    width: 110,
    cell: ({ tenant_id: id }) => (id === null ? <span className="dim">{TEXTS.platform}</span> : <TenantName id={id} />),
  },
  {
    id: 'success',
    head: TEXTS.heads.success,
    width: 110,
    numeric: true,
    cell: ({ last_success_at: at, failing_since: since }) => <Age at={at} late={since !== null} />,
  },
  { id: 'created', head: TEXTS.heads.created, width: 100, numeric: true, wide: true, cell: ({ created_at: at }) => <Age at={at} /> },
];

export function WebhooksScreen() {
  const { isAdmin } = useSession();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { filters } = useFilters();
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<{ readonly id: string; readonly secret: string } | null>(null);
  const tenants = useTenantOptions();
  const list = useList<Webhook, Schemas['WebhookResponseList']>(['webhooks', filters], (cursor, signal) =>
    answered(api.GET('/api/v1/webhooks', { params: { query: { ...filters, limit: 100, cursor } as never }, signal })),
  );
  const specs: readonly FilterSpec[] = [
    {
      name: 'status',
      label: TEXTS.filters.status,
      options: (['active', 'paused', 'disabled'] as const).map((value) => ({ value, label: TEXTS.states[value] })),
    },
    ...(isAdmin ? [{ name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants }] : []),
  ];
  const open = (id: string) => void navigate({ to: '/webhooks/$id', params: { id } });
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        sub={TEXTS.sub}
        actions={
          <>
            <Link to="/notifications" className="btn">
              <IconMail size={16} stroke={1.75} aria-hidden />
              {TEXTS.mail}
            </Link>
            <button type="button" className="btn pri" onClick={() => setMaking(true)}>
              <IconPlus size={16} stroke={1.75} aria-hidden />
              {TEXTS.create}
            </button>
          </>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={isAdmin ? COLUMNS : COLUMNS.filter(({ id }) => id !== 'tenant')}
        rowId={({ id }) => id}
        onOpen={({ id }) => open(id)}
        item={(webhook) => (
          <div className="item">
            <IconWebhook size={16} stroke={1.75} aria-hidden />
            <b className="trunc" style={{ fontWeight: 550 }}>
              {webhook.description ?? webhook.url}
            </b>
            <span className="dim sm">
              <Age at={webhook.last_success_at} />
            </span>
            <span className="l2">
              <WebhookState webhook={webhook} />
              <span className="dim trunc">{eventsText(webhook.types)}</span>
            </span>
          </div>
        )}
        filters={specs}
        empty={<EmptyState {...TEXTS.empty} />}
      />
      {isMaking && (
        <WebhookForm
          done={(id, secret = '') => {
            setMaking(false);
            setMade({ id, secret });
            void client.invalidateQueries({ queryKey: ['webhooks'] });
          }}
          close={() => setMaking(false)}
        />
      )}
      {made && <SecretDialog secret={made.secret} close={() => open(made.id)} />}
    </Screen>
  );
}
