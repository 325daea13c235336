import { Select } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import type { Column } from '../../parts/data-table';
import { FilterChips, useFilters, type FilterSpec } from '../../parts/filters';
import { count } from '../../parts/format';
import { IconUserQuestion } from '../../parts/icons';
import { KindCell, KindItem } from '../../parts/kinds';
import { ListCard, useList } from '../../parts/list';
import { PageHead, Screen } from '../../parts/page';
import { EmptyState } from '../../parts/states';
import { Badge } from '../../parts/status';
import { Age } from '../../parts/time';
import { TenantName, useTenantOptions } from '../../shell/counts';
import { renew } from '../../shell/live';
import { TEXTS } from './texts';

type Project = Schemas['ProjectResponse'];

const COLUMNS: readonly Column<Project>[] = [
  {
    id: 'name',
    head: TEXTS.heads.name,
    cell: ({ name }) => <KindCell kind="project" name={name} />,
  },
  { id: 'tenant', head: TEXTS.heads.tenant, width: 150, cell: ({ tenant_id: id }) => <Tenant id={id} /> },
  {
    id: 'why',
    head: TEXTS.heads.why,
    width: 130,
    cell: ({ tenant_set_by: by }) => <span className="dim">{by ? (TEXTS.setBy[by] ?? by) : ''}</span>,
  },
  { id: 'resources', head: TEXTS.heads.resources, width: 96, numeric: true, cell: ({ resources }) => count(resources) },
  {
    id: 'environment',
    head: TEXTS.heads.environment,
    width: 120,
    cell: ({ environment }) => <span className="mid">{environment ?? ''}</span>,
  },
  {
    id: 'label',
    head: TEXTS.heads.label,
    width: 130,
    wide: true,
    cell: ({ classification }) => <span className="mid">{classification ?? ''}</span>,
  },
  { id: 'purpose', head: TEXTS.heads.purpose, width: 180, wide: true, cell: ({ purpose }) => <span className="mid">{purpose ?? ''}</span> },
  { id: 'found', head: TEXTS.heads.found, width: 90, numeric: true, cell: ({ first_seen_at: at }) => <Age at={at} /> },
];

function Tenant({ id }: { readonly id: string | null }) {
  if (id) return <TenantName id={id} />;
  return (
    <Badge tone="warn" icon={IconUserQuestion}>
      {TEXTS.noOwner}
    </Badge>
  );
}

export function ProjectsScreen() {
  const { filters, change } = useFilters();
  const [chosen, setChosen] = useState<Project | null>(null);
  const list = useList<Project, Schemas['ProjectResponseList']>(['projects', filters], (cursor, signal) =>
    answered(api.GET('/api/v1/projects', { params: { query: { ...filters, limit: 100, cursor } as never }, signal })),
  );
  const tenants = useTenantOptions();
  const specs: readonly FilterSpec[] = [
    { name: 'q', label: TEXTS.filters.q },
    { name: 'tenant_id', label: TEXTS.filters.tenant_id, options: tenants },
    { name: 'classification', label: TEXTS.filters.classification },
    { name: 'environment', label: TEXTS.filters.environment },
  ];
  return (
    <Screen fixed>
      <PageHead
        title={TEXTS.title}
        sub={TEXTS.sub}
        beside={
          <div className="seg" role="group" aria-label="Views">
            <button type="button" aria-pressed={filters.unassigned === undefined} onClick={() => change({ unassigned: undefined })}>
              {TEXTS.views.all}
            </button>
            <button type="button" aria-pressed={filters.unassigned === 'true'} onClick={() => change({ unassigned: 'true' })}>
              {TEXTS.views.unassigned}
            </button>
          </div>
        }
      />
      <FilterChips specs={specs} />
      <ListCard
        list={list}
        label={TEXTS.title}
        columns={COLUMNS}
        rowId={({ id }) => id}
        onOpen={setChosen}
        item={(project) => (
          <KindItem kind="project" name={project.name} aside={<span className="tn dim">{count(project.resources)}</span>}>
            <Tenant id={project.tenant_id} />
          </KindItem>
        )}
        filters={[...specs, { name: 'unassigned' }]}
        empty={<EmptyState {...TEXTS.empty} />}
      />
      {chosen && <TenantDialog project={chosen} tenants={tenants} close={() => setChosen(null)} />}
    </Screen>
  );
}

const BACK = 'back to the description';
const UNASSIGNED = 'no owner, on purpose';

function TenantDialog({
  project,
  tenants,
  close,
}: {
  readonly project: Project;
  readonly tenants: ReturnType<typeof useTenantOptions>;
  readonly close: () => void;
}) {
  const client = useQueryClient();
  const [tenant, setTenant] = useState<string | null>(project.tenant_id);
  const save = async (reason: string | undefined) => {
    const owner = tenant === UNASSIGNED ? { unassigned: true } : { tenant_id: tenant === BACK ? null : tenant };
    await answered(api.PATCH('/api/v1/projects/{id}', { params: { path: { id: project.id } }, body: { ...owner, reason } as never }));
    await renew(client, 'project', 'resource', 'tenant');
  };
  return (
    <Confirm
      title={TEXTS.edit.title(project.name)}
      button={TEXTS.edit.button}
      reason="required"
      ready={tenant !== null}
      confirm={save}
      close={close}
    >
      <p className="mid">{project.description}</p>
      <p className="dim sm">{TEXTS.edit.text}</p>
      <Select
        label={TEXTS.edit.tenant}
        mt={10}
        data={[...tenants, { value: BACK, label: TEXTS.edit.back }, { value: UNASSIGNED, label: TEXTS.edit.none }]}
        value={tenant}
        onChange={setTenant}
        searchable
        allowDeselect={false}
      />
    </Confirm>
  );
}
