import { Checkbox, MultiSelect, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../client/client';
import { valueText, words } from '../../parts/format';
import { everyPage } from '../../parts/list';
import { addressOf, nameOf } from '../inventory/inventory-columns';
import { typeOf, type FieldSchema, type Rule, type Values } from './input-schema';
import { ImageField, RegionField } from './place-fields';
import { RulesField } from './rules-field';
import { SizeField } from './size-field';
import { TEXTS } from './texts';

export interface FieldProps {
  /** The saga kind of the order. */
  readonly kind: string;
  readonly name: string;
  readonly field: FieldSchema;
  readonly required: boolean;
  readonly value: unknown;
  readonly set: (value: unknown) => void;
  readonly problem: string | undefined;
  /** The whole form: what is offered in one field depends on others. */
  readonly values: Values;
}

const NAMES: Readonly<Record<string, string>> = {
  size_slug: 'Size',
  attach_to: 'Attach to',
  droplet_resource_id: 'Droplet',
  droplet_resource_ids: 'Droplets',
  size_gib: 'Size in GiB',
  filesystem_type: 'File system',
  project_id: 'Project',
  dns_domain: 'Zone',
  dns_record_type: 'Type',
  dns_record_name: 'Name',
  dns_record_data: 'Data',
  dns_record_ttl: 'Time to live',
  dns_record_priority: 'Priority',
  dns_record_port: 'Port',
  dns_record_weight: 'Weight',
  dns_record_flags: 'Flags',
  dns_record_tag: 'CAA tag',
  dns_record_previous_data: 'Instead of',
  ssh_keys: 'SSH keys',
  vpc_uuid: 'Private network',
  user_data: 'First-boot script',
  wait_ms: 'Wait, in ms',
};

/** The kind of resource that an order works on: the last words of its own kind, as `volume` of `attach_volume`. */
const RESOURCES: Readonly<Record<string, string>> = { ip: 'floating_ip', volume: 'volume', firewall: 'firewall', snapshot: 'snapshot' };
function resourceKind(kind: string, name: string): string | undefined {
  if (name !== 'resource_id') return 'droplet';
  if (kind === 'tag_resource') return undefined;
  return RESOURCES[kind.split('_').at(-1) ?? ''] ?? 'droplet';
}
const RESOURCE_FIELDS = new Set(['resource_id', 'attach_to', 'droplet_resource_id', 'droplet_resource_ids']);

export const fieldName = (name: string, kind = ''): string =>
  NAMES[name] ?? (name === 'resource_id' ? words(resourceKind(kind, name) ?? 'resource') : words(name));

/** One field of the form: its control follows from its schema. */
export function OrderField(props: FieldProps) {
  const { kind, name, field, required, value, set, problem, values } = props;
  const type = typeOf(field);
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const common = {
    id: `field-${name}`,
    error: problem,
    description: field.description,
    inputWrapperOrder: ['input', 'error', 'description'] as never,
  };
  if (RESOURCE_FIELDS.has(name)) return <ResourceField {...props} />;
  if (name === 'project_id') return <ProjectField {...props} />;
  const region = typeof values.region === 'string' ? values.region : '';
  if (name === 'size_slug') return <SizeField value={text} set={set} problem={problem} region={region} />;
  if (name === 'region') {
    const size = typeof values.size_slug === 'string' ? values.size_slug : '';
    return <RegionField value={text} set={set} problem={problem} size={size} />;
  }
  if (name === 'image' && kind === 'provision_droplet') return <ImageField value={text} set={set} problem={problem} region={region} />;
  if (type === 'boolean') {
    return (
      <Checkbox
        id={`field-${name}`}
        size="xs"
        label={field.description}
        checked={value === true}
        onChange={(event) => set(event.currentTarget.checked)}
      />
    );
  }
  if (type === 'array' && field.items?.type === 'object') {
    return (
      <RulesField
        name={name}
        side={name === 'inbound_rules' ? 'sources' : 'destinations'}
        value={Array.isArray(value) ? (value as Rule[]) : undefined}
        set={set}
        problem={problem}
        firewall={typeof values.resource_id === 'string' ? values.resource_id : undefined}
        isNew={kind === 'create_firewall'}
      />
    );
  }
  if (type === 'array') {
    const list = Array.isArray(value) ? (value as string[]) : [];
    return (
      <TagsInput
        {...common}
        data={field.items?.enum ? [...field.items.enum] : []}
        value={list}
        onChange={set}
        acceptValueOnBlur
        allowDuplicates
      />
    );
  }
  if (field.enum)
    return <Select {...common} data={[...field.enum]} value={text || null} onChange={(next) => set(next ?? '')} clearable={!required} />;
  if (name === 'user_data') return <Textarea {...common} rows={4} value={text} onChange={(event) => set(event.currentTarget.value)} />;
  return (
    <TextInput
      {...common}
      value={text}
      inputMode={type === 'integer' ? 'numeric' : undefined}
      placeholder={field.example === undefined ? undefined : valueText(field.example)}
      onChange={(event) => set(event.currentTarget.value)}
      aria-required={required}
      autoComplete="off"
      spellCheck={false}
    />
  );
}

/** A resource by name or address instead of its id; where the field takes several, it takes them one after the other. */
function ResourceField({ kind, name, field, value, set, problem }: FieldProps) {
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text, 200);
  const isList = typeOf(field) === 'array';
  const chosen = Array.isArray(value) ? value.map(String) : typeof value === 'string' && value !== '' ? [value] : [];
  const wanted = resourceKind(kind, name);
  const found = useQuery({
    queryKey: ['inventory', wanted, q],
    queryFn: () =>
      answered(
        api.GET('/api/v1/inventory', { params: { query: { ...(wanted && { kind: wanted }), sort: 'name', limit: 50, ...(q && { q }) } } }),
      ),
    placeholderData: keepPreviousData,
  });
  const known = useQuery({
    queryKey: ['resources', chosen],
    queryFn: () => Promise.all(chosen.map((id) => answered(api.GET('/api/v1/inventory/{id}', { params: { path: { id } } })))),
    enabled: chosen.length > 0,
    placeholderData: keepPreviousData,
  });
  const first = (known.data ?? []).map(({ data }) => data);
  const rows = [...first, ...(found.data?.data ?? []).filter(({ id }) => !first.some((one) => one.id === id))];
  const data = rows.map((row) => ({
    value: row.id,
    label: [nameOf(row), row.size_slug, row.region, addressOf(row)].filter(Boolean).join(' · '),
  }));
  const common = {
    id: `field-${name}`,
    data,
    onSearchChange: (search: string) => setText(data.some(({ label }) => label === search) ? '' : search),
    searchable: true,
    clearable: true,
    clearButtonProps: { 'aria-label': 'Clear' },
    placeholder: TEXTS.pick(words(wanted ?? 'resource').toLowerCase()),
    nothingFoundMessage: TEXTS.none,
    error: problem,
  };
  if (isList) return <MultiSelect {...common} value={chosen} onChange={set} />;
  return (
    <Select
      {...common}
      value={chosen[0] ?? null}
      onChange={(next) => {
        set(next ?? '');
        setText('');
      }}
      filter={({ options }) => options}
    />
  );
}

/** A project by name instead of its id. */
function ProjectField({ value, set, problem, field }: FieldProps) {
  const projects = useQuery({
    queryKey: ['projects', 'choice'],
    queryFn: () => everyPage((query) => answered(api.GET('/api/v1/projects', { params: { query } }))),
  });
  const data = (projects.data?.data ?? [])
    .filter(({ deleted_at: deleted }) => !deleted) // a tenant reads id and name only
    .map(({ id, name, tenant_id: tenant }) => ({ value: id, label: tenant ? `${name} · ${tenant}` : name }));
  return (
    <Select
      id="field-project_id"
      data={data}
      value={typeof value === 'string' && value !== '' ? value : null}
      onChange={(next) => set(next ?? '')}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Clear' }}
      placeholder={TEXTS.pickProject}
      description={field.description}
      inputWrapperOrder={['input', 'error', 'description']}
      error={problem}
    />
  );
}
