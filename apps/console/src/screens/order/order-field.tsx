import { Checkbox, Select, TagsInput, Textarea, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api } from '../../client/client';
import { valueText, words } from '../../parts/format';
import { addressOf, nameOf } from '../inventory/inventory-columns';
import { typeOf, type FieldSchema, type Values } from './input-schema';
import { ImageField, RegionField } from './place-fields';
import { SizeField } from './size-field';
import { TEXTS } from './texts';

export interface FieldProps {
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
  resource_id: 'Droplet',
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

export const fieldName = (name: string): string => NAMES[name] ?? words(name);

/** One field of the form: its control follows from its schema. */
export function OrderField(props: FieldProps) {
  const { name, field, required, value, set, problem, values } = props;
  const type = typeOf(field);
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  const common = {
    id: `field-${name}`,
    error: problem,
    description: field.description,
    inputWrapperOrder: ['input', 'error', 'description'] as never,
  };
  if (name === 'resource_id') return <DropletField {...props} />;
  if (name === 'project_id') return <ProjectField {...props} />;
  const region = typeof values.region === 'string' ? values.region : '';
  if (name === 'size_slug') return <SizeField value={text} set={set} problem={problem} region={region} />;
  if (name === 'region') {
    const size = typeof values.size_slug === 'string' ? values.size_slug : '';
    return <RegionField value={text} set={set} problem={problem} size={size} />;
  }
  if (name === 'image') return <ImageField value={text} set={set} problem={problem} region={region} />;
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

/** A droplet by name or address instead of its id. */
function DropletField({ value, set, problem }: FieldProps) {
  const [text, setText] = useState('');
  const [q] = useDebouncedValue(text, 200);
  const chosen = typeof value === 'string' ? value : '';
  const found = useQuery({
    queryKey: ['inventory', 'droplets', q],
    queryFn: () =>
      answered(api.GET('/api/v1/inventory', { params: { query: { kind: 'droplet', sort: 'name', limit: 50, ...(q && { q }) } } })),
    placeholderData: keepPreviousData,
  });
  const one = useQuery({
    queryKey: ['resource', chosen],
    queryFn: () => answered(api.GET('/api/v1/inventory/{id}', { params: { path: { id: chosen } } })),
    enabled: chosen !== '',
  });
  const rows = [...(one.data ? [one.data.data] : []), ...(found.data?.data ?? []).filter(({ id }) => id !== chosen)];
  const data = rows.map((row) => ({
    value: row.id,
    label: [nameOf(row), row.size_slug, row.region, addressOf(row)].filter(Boolean).join(' · '),
  }));
  return (
    <Select
      id="field-resource_id"
      data={data}
      value={chosen || null}
      onChange={(next) => {
        set(next ?? '');
        setText('');
      }}
      onSearchChange={(search) => setText(data.some(({ label }) => label === search) ? '' : search)}
      filter={({ options }) => options}
      searchable
      clearable
      clearButtonProps={{ 'aria-label': 'Clear' }}
      placeholder={TEXTS.pickDroplet}
      nothingFoundMessage={TEXTS.none}
      error={problem}
    />
  );
}

/** A project by name instead of its id. */
function ProjectField({ value, set, problem, field }: FieldProps) {
  const projects = useQuery({
    queryKey: ['projects', 'choice'],
    queryFn: () => answered(api.GET('/api/v1/projects', { params: { query: { limit: 200 } } })),
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
