import type { Schemas } from '../../client/client';
import type { FilterSpec } from '../../parts/filters';
import { exactTime } from '../../parts/format';
import { kindName } from '../../parts/kinds';
import { statusWord } from '../../parts/status';
import { TEXTS } from './texts';

const STATES = ['active', 'off', 'new', 'attached', 'available', 'assigned', 'unassigned', 'deleted'];

/** The filters of the inventory. Kinds and regions to choose from are those that there are; tenants are all that are registered. */
export function filterSpecs(
  summary: Schemas['InventorySummaryResponse'] | undefined,
  tenants: NonNullable<FilterSpec['options']>,
  isAdmin: boolean,
): readonly FilterSpec[] {
  const kinds = (summary?.by_kind ?? []).map(({ kind }) => ({ value: kind, label: kindName(kind) }));
  const regions = (summary?.by_region ?? []).flatMap(({ region }) => (region ? [{ value: region, label: region }] : []));
  const { filters: labels } = TEXTS;
  return [
    { name: 'q', label: labels.q },
    { name: 'kind', label: labels.kind, options: kinds },
    { name: 'status', label: labels.status, options: STATES.map((value) => ({ value, label: statusWord('resource', value) })) },
    { name: 'region', label: labels.region, options: regions },
    ...(isAdmin ? [{ name: 'tenant_id', label: labels.tenant_id, options: tenants }] : []),
    ...(isAdmin
      ? [
          {
            name: 'attributed_by',
            label: labels.attributed_by,
            options: ['override', 'project', 'parent', 'rule', 'members', 'fallback'].map((value) => ({ value, label: value })),
          },
        ]
      : []),
    { name: 'size_slug', label: labels.size_slug },
    { name: 'tag', label: labels.tag },
    { name: 'related_to', label: labels.related_to, isLinkOnly: true, display: (id) => `…${id.slice(-6)}` },
    { name: 'as_of', label: labels.as_of, display: (value) => (Number.isNaN(Date.parse(value)) ? value : exactTime(value)) },
  ];
}
