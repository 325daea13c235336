import { Select, Textarea, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { useFields } from '../../parts/fields';
import { count } from '../../parts/format';
import { Facts } from '../../parts/page';
import { ErrorState, Note, Skeleton } from '../../parts/states';
import { statusWord } from '../../parts/status';
import { renew } from '../../shell/live';
import { TEXTS } from './texts';

type Tenant = Schemas['TenantResponse'];
type TenantStatus = Tenant['status'];

/** What a status would change, as `dry_run=true` answers it. */
interface StatusPreview {
  readonly stops: readonly (keyof typeof TEXTS.rights)[];
  readonly resumes: readonly (keyof typeof TEXTS.rights)[];
  readonly resources: number;
  readonly projects: number;
  readonly open_sagas: number;
  readonly refused: { readonly status: number; readonly code: string; readonly detail: string } | null;
}

interface DialogProps {
  readonly tenant: Tenant;
  readonly close: () => void;
}

/** What people read about a tenant: its name, whom to write to, notes, and why it orders nothing. Only what was changed is sent. */
export function ProfileDialog({ tenant, close }: DialogProps) {
  const client = useQueryClient();
  const before = {
    name: tenant.name,
    contact_email: tenant.contact_email ?? '',
    notes: tenant.notes ?? '',
    orders_blocked_reason: tenant.orders_blocked_reason ?? '',
  };
  const { fields, values, refuse } = useFields(before);
  const { edit } = TEXTS;
  const isNamed = values.name.trim() !== '';
  const changed = (Object.keys(before) as (keyof typeof before)[]).filter((name) => values[name].trim() !== before[name]);
  const save = async (reason: string | undefined) => {
    const body = Object.fromEntries(changed.map((name) => [name, values[name].trim() || null]));
    await answered(api.PATCH('/api/v1/tenants/{id}', { params: { path: { id: tenant.id } }, body: { ...body, reason } as never }));
    await renew(client, 'tenant');
  };
  return (
    <Confirm
      title={edit.title(tenant.id)}
      button={TEXTS.page.save}
      reason="optional"
      ready={isNamed && changed.length > 0}
      confirm={save}
      refuse={refuse}
      close={close}
    >
      <div className="form">
        <TextInput
          label={TEXTS.heads.name}
          description={edit.nameHelp}
          maxLength={200}
          data-autofocus
          {...fields.name}
          error={isNamed ? fields.name.error : edit.needed}
        />
        <TextInput label={TEXTS.register.email} type="email" {...fields.contact_email} />
        <Textarea label={TEXTS.page.notes} description={edit.notesHelp} rows={4} {...fields.notes} />
        <TextInput label={edit.blocked} description={edit.blockedHelp} maxLength={500} {...fields.orders_blocked_reason} />
      </div>
    </Confirm>
  );
}

/** Asks what the status would change before it is changed. What takes rights from a tenant has its id typed. */
export function StatusDialog({ tenant, close }: DialogProps) {
  const client = useQueryClient();
  const [status, setStatus] = useState<TenantStatus>(tenant.status);
  const isOther = status !== tenant.status;
  const { page } = TEXTS;
  const preview = useQuery({
    queryKey: ['status-preview', tenant.id, status],
    queryFn: async () => {
      const call = { params: { path: { id: tenant.id }, query: { dry_run: 'true' as const } }, body: { status } };
      const { data } = await answered(api.PATCH('/api/v1/tenants/{id}', call));
      return data as unknown as StatusPreview; // the document has the answer of the change only
    },
    enabled: isOther,
    gcTime: 0,
    retry: false,
  });
  const found = isOther ? preview.data : undefined;
  const isHarmful = found !== undefined && found.refused === null && found.stops.length > 0;
  const save = async (reason: string | undefined) => {
    await answered(api.PATCH('/api/v1/tenants/{id}', { params: { path: { id: tenant.id } }, body: { status, reason } }));
    await renew(client, 'tenant');
  };
  return (
    <Confirm
      title={page.statusTitle(tenant.name)}
      button={isOther ? TEXTS.preview.button(statusWord('tenant', status)) : page.save}
      reason="required"
      {...(isHarmful && { danger: true, typed: tenant.id })}
      ready={found !== undefined && found.refused === null}
      confirm={save}
      close={close}
    >
      <Select
        label={TEXTS.heads.status}
        data={Object.keys(page.statusText).map((value) => ({ value, label: statusWord('tenant', value) }))}
        value={status}
        onChange={(next) => setStatus((next as TenantStatus | null) ?? status)}
        allowDeselect={false}
      />
      <p className="mid" style={{ margin: '8px 0' }}>
        {page.statusText[status]}
      </p>
      {isOther && preview.error && <ErrorState error={preview.error} retry={() => void preview.refetch()} />}
      {isOther && preview.isPending && <Skeleton lines={3} />}
      {found && <Preview of={found} />}
    </Confirm>
  );
}

function Preview({ of: { stops, resumes, resources, projects, open_sagas: sagas, refused } }: { readonly of: StatusPreview }) {
  const { preview, rights } = TEXTS;
  const textOf = (names: StatusPreview['stops']) => names.map((name) => rights[name]).join(', ');
  return (
    <section aria-label={preview.title} aria-live="polite">
      <Facts
        rows={[
          [preview.stops, stops.length > 0 ? textOf(stops) : preview.nothing],
          [preview.resumes, resumes.length > 0 ? textOf(resumes) : null],
          [preview.resources, count(resources)],
          [preview.projects, count(projects)],
          [preview.sagas, count(sagas)],
        ]}
      />
      {refused && (
        <div style={{ marginTop: 10 }}>
          <Note tone="bad" title={preview.refused}>
            {refused.detail} <span className="mono">{`${refused.status} ${refused.code}`}</span>
          </Note>
        </div>
      )}
    </section>
  );
}
