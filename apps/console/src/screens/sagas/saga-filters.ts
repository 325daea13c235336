import sagaInputs from '../../client/saga-inputs.json';
import type { FilterSpec } from '../../parts/filters';
import { sagaKindName } from '../../parts/sagas';
import { statusWord } from '../../parts/status';
import type { Filters } from '../../shell/search';
import { TEXTS } from './texts';

const STATES = [
  'awaiting_approval',
  'rejected',
  'pending',
  'running',
  'compensating',
  'completed',
  'rolled_back',
  'failed',
  'compensation_failed',
];
/** A revert is started by a drift, so it has no input of its own. */
const KINDS = [...Object.keys(sagaInputs), 'revert_droplet', 'revert_product'];

const statesText = (value: string): string =>
  value
    .split(',')
    .map((one) => statusWord('saga', one))
    .join(', ');

const yesOrNo = [
  { value: 'true', label: TEXTS.yes },
  { value: 'false', label: TEXTS.no },
];

/** The filters of the list, as the API has them. Whose sagas they are is a question of operators only. */
export function sagaFilters(isAdmin: boolean, tenants: FilterSpec['options']): readonly FilterSpec[] {
  const { filters } = TEXTS;
  return [
    { name: 'q', label: filters.q },
    { name: 'kind', label: filters.kind, options: KINDS.map((value) => ({ value, label: sagaKindName(value) })) },
    {
      name: 'status',
      label: filters.status,
      options: STATES.map((value) => ({ value, label: statusWord('saga', value) })),
      display: statesText,
    },
    ...(isAdmin && tenants ? [{ name: 'tenant_id', label: filters.tenant_id, options: tenants }] : []),
    { name: 'resource_id', label: filters.resource_id, isLinkOnly: true, display: (id) => `…${id.slice(-6)}` },
    { name: 'created_by', label: filters.created_by },
    { name: 'since', label: filters.since, isDay: true },
    { name: 'until', label: filters.until, isDay: true },
    { name: 'paused', label: filters.paused, options: yesOrNo },
    { name: 'needs_attention', label: filters.needs_attention, options: yesOrNo },
  ];
}

const DAY = /^\d{4}-\d\d-\d\d$/;

/** The address as the API takes it: days are of the viewer's zone, and the last one counts as a whole. Pure. */
export function askedFilters(filters: Filters): Filters {
  const { since, until } = filters;
  return { ...filters, ...(since && { since: beginOf(since, 0) }), ...(until && { until: beginOf(until, 1) }) };
}

function beginOf(value: string, daysLater: number): string {
  if (!DAY.test(value)) return value;
  const day = new Date(`${value}T00:00:00`);
  day.setDate(day.getDate() + daysLater);
  return day.toISOString();
}
