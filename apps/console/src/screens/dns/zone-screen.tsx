import { Select, TextInput } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { answered, api, type Resource, type Schemas } from '../../client/client';
import { useFilters } from '../../parts/filters';
import type { Column } from '../../parts/data-table';
import { IconPlus, IconRefresh } from '../../parts/icons';
import { ListCard, PAGE, useList } from '../../parts/list';
import { Card, Detail, PageHead } from '../../parts/page';
import { isOpen, sagaTitle } from '../../parts/sagas';
import { EmptyState, ErrorState, Skeleton } from '../../parts/states';
import { Status } from '../../parts/status';
import { Age } from '../../parts/time';
import { usePollMs } from '../../shell/live';
import { useSession } from '../../shell/session';
import { nameOf } from '../inventory/inventory-columns';
import './dns.css';
import { fieldsOf, RECORD_TYPES } from './record';
import { RecordDialog } from './record-dialog';
import { TEXTS } from './texts';

const POLL_MS = 15_000;
const DEEDS = 'upsert_dns_record,delete_dns_record';
const SHOWN_CHANGES = 12;

const { record: HEADS } = TEXTS;
const COLUMNS: readonly Column<Resource>[] = [
  {
    id: 'name',
    head: HEADS.name,
    width: 200,
    cell: ({ name }) => (
      <span className="nm">
        <span className="trunc">{name ?? '@'}</span>
      </span>
    ),
  },
  { id: 'type', head: HEADS.type, width: 72, cell: (record) => <span className="mid">{fieldsOf(record).type}</span> },
  {
    id: 'data',
    head: HEADS.data,
    cell: (record) => (
      <span className="mono" title={fieldsOf(record).data}>
        {fieldsOf(record).data}
      </span>
    ),
  },
  { id: 'priority', head: HEADS.priority, width: 76, numeric: true, wide: true, cell: (record) => fieldsOf(record).priority ?? '' },
  { id: 'ttl', head: HEADS.ttl, width: 76, numeric: true, cell: (record) => fieldsOf(record).ttl ?? '' },
];

/** All records of a zone. They come page by page, and are searched together. */
function useRecords(zoneId: string) {
  const query = { related_to: zoneId, kind: 'dns_record', sort: 'name' };
  const list = useList<Resource, Schemas['ResourceListResponse']>(['inventory', query], (cursor, signal) =>
    answered(api.GET('/api/v1/inventory', { params: { query: { ...query, limit: PAGE, cursor } as never }, signal })),
  );
  const { onEnd } = list;
  useEffect(onEnd, [onEnd, list.rows.length]);
  return list;
}

/** A zone with its records; a record is changed by a plan. */
export function ZoneScreen() {
  const { id } = useParams({ from: '/dns/$id' });
  const { isAdmin } = useSession();
  const zone = useQuery({
    queryKey: ['resource', id],
    queryFn: () => answered(api.GET('/api/v1/inventory/{id}', { params: { path: { id } } })),
    refetchInterval: usePollMs(POLL_MS),
  });
  const found = zone.data?.data;
  const name = found ? nameOf(found) : '';
  return (
    <Detail what={TEXTS.one} list={{ text: isAdmin ? TEXTS.title : TEXTS.forTenant, to: '/dns' }} queries={[zone]}>
      {found && (
        <>
          <PageHead
            title={name}
            badges={<Status of="resource" value={found.status} pill />}
            crumbs={[
              { text: isAdmin ? TEXTS.title : TEXTS.forTenant, to: '/dns' },
              ...(isAdmin && found.tenant_id ? [{ text: found.tenant_id }] : []),
              { text: name },
            ]}
            sub={TEXTS.age}
            actions={
              <>
                <Link to="/resources/$id" params={{ id }} className="btn quiet">
                  {TEXTS.resource}
                </Link>
                {isAdmin && <ReadAgain />}
              </>
            }
          />
          <div className="zn">
            <Records zoneId={id} zone={name} />
            <ChangesCard zone={name} />
          </div>
        </>
      )}
    </Detail>
  );
}

/** Has the records read now; a sweep reads those of every zone. */
function ReadAgain() {
  const sweep = useMutation({ mutationFn: () => answered(api.POST('/api/v1/sweeps', { body: { kind: 'dns_record' } })) });
  return (
    <>
      {sweep.isSuccess && (
        <span role="status" className="dim sm">
          {TEXTS.asked}
        </span>
      )}
      {sweep.error && (
        <span role="alert" className="sm" style={{ color: 'var(--bad)' }}>
          {sweep.error.message}
        </span>
      )}
      <button type="button" className="btn" disabled={sweep.isPending} onClick={() => sweep.mutate()}>
        <IconRefresh size={16} stroke={1.75} aria-hidden />
        {TEXTS.readAgain}
      </button>
    </>
  );
}

function Records({ zoneId, zone }: { readonly zoneId: string; readonly zone: string }) {
  const { filters, change } = useFilters();
  const [open, setOpen] = useState<Resource | 'new' | null>(null);
  const list = useRecords(zoneId);
  const { q = '', type } = filters;
  const rows = useMemo(() => {
    const text = q.toLowerCase();
    return list.rows.filter((record) => {
      const fields = fieldsOf(record);
      return (type === undefined || fields.type === type) && `${fields.name} ${fields.data}`.toLowerCase().includes(text);
    });
  }, [list.rows, q, type]);
  const types = [...new Set([...RECORD_TYPES, ...list.rows.map((record) => fieldsOf(record).type)])].sort();
  return (
    <div className="records">
      <h2 className="vh">{TEXTS.records}</h2>
      <div className="bar">
        <TextInput
          aria-label={TEXTS.search}
          placeholder={TEXTS.search}
          value={q}
          onChange={(event) => change({ q: event.currentTarget.value || undefined })}
          style={{ flex: '1 1 200px', maxWidth: 320 }}
        />
        <Select
          aria-label={TEXTS.type}
          placeholder={TEXTS.all}
          data={types}
          value={type ?? null}
          onChange={(value) => change({ type: value ?? undefined })}
          clearable
          clearButtonProps={{ 'aria-label': TEXTS.all }}
          style={{ width: 130 }}
        />
        <button type="button" className="btn pri" style={{ marginLeft: 'auto' }} onClick={() => setOpen('new')}>
          <IconPlus size={16} stroke={1.75} aria-hidden />
          {TEXTS.add}
        </button>
      </div>
      <ListCard
        list={{ ...list, rows }}
        label={TEXTS.records}
        totals={list.rows.length > 0 && TEXTS.totals(rows.length, list.rows.length)}
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={setOpen}
        item={(record) => {
          const fields = fieldsOf(record);
          return (
            <div className="item">
              <span />
              <b className="trunc" style={{ fontWeight: 550 }}>
                {fields.name}
              </b>
              <span className="dim sm">{fields.type}</span>
              <span className="l2 mono dim">
                <span className="trunc">{fields.data}</span>
              </span>
            </div>
          );
        }}
        empty={<EmptyState {...TEXTS.none} />}
      />
      {open && <RecordDialog zone={zone} record={open === 'new' ? null : open} close={() => setOpen(null)} />}
    </div>
  );
}

/** The latest changes of records, with those under way first. */
function ChangesCard({ zone }: { readonly zone: string }) {
  const sagas = useQuery({
    queryKey: ['sagas', 'of-zone', zone],
    queryFn: () => answered(api.GET('/api/v1/sagas', { params: { query: { kind: DEEDS, q: zone, limit: SHOWN_CHANGES } } })),
    refetchInterval: ({ state }) => (state.data?.data.some(isOpen) ? 2_000 : POLL_MS),
  });
  const found = sagas.data?.data ?? [];
  return (
    <Card title={TEXTS.changes.title} right={TEXTS.changes.sub} pad>
      {sagas.error && <ErrorState error={sagas.error} retry={() => void sagas.refetch()} />}
      {sagas.isPending && <Skeleton lines={3} />}
      {sagas.isSuccess && found.length === 0 && <p className="mid">{TEXTS.changes.none}</p>}
      <ul className="grid" style={{ gap: 6 }}>
        {found.map((saga) => (
          <li key={saga.id} className="chg-row">
            <Link className="trunc" to="/sagas/$id" params={{ id: saga.id }}>
              {sagaTitle(saga)}
            </Link>
            <Status of="saga" value={saga.status} />
            <span className="dim sm">
              <Age at={saga.created_at} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
