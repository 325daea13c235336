import { TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { fieldErrors } from '../../parts/fields';
import { count, decimalError, money, wholeError, wholeNumber } from '../../parts/format';
import { Dialog } from '../../parts/dialog';
import { Card, Facts } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { TEXTS } from './texts';

type Limits = Schemas['LimitsResponse'];
type Usage = Schemas['TenantResponse']['usage'];
type LimitName = keyof typeof TEXTS.page.names;

const NAMES = Object.keys(TEXTS.page.names) as LimitName[];
const LISTS: readonly LimitName[] = ['allowed_sizes', 'allowed_regions'];
const AMOUNTS: readonly LimitName[] = ['max_monthly_cost', 'approval_over_monthly'];

function limitText(name: LimitName, limits: Limits): string {
  const value = limits[name];
  if (typeof value === 'boolean') return value ? TEXTS.page.on : TEXTS.page.off;
  if (value === null) return LISTS.includes(name) ? TEXTS.page.all : TEXTS.page.none;
  if (Array.isArray(value)) return value.join(', ');
  return AMOUNTS.includes(name) ? money(String(value)) : count(Number(value));
}

/** How much of a limit is used, for the limits that count something. */
function usedText(name: LimitName, usage: Usage): string | null {
  const { resources, vcpus, volume_gib: volumes, running_sagas: sagas, monthly_run_rate: rate } = usage;
  const used: Partial<Record<LimitName, string>> = {
    max_droplets: count(Number(resources.droplet ?? 0)),
    max_vcpus: count(vcpus),
    max_volume_gib: count(volumes),
    max_snapshots: count(Number(resources.snapshot ?? 0)),
    max_monthly_cost: money(rate),
    open_sagas: count(sagas),
  };
  return used[name] ?? null;
}

function rowText(name: LimitName, limits: Limits, usage: Usage): string {
  const used = usedText(name, usage);
  return used === null || limits[name] === null ? limitText(name, limits) : TEXTS.page.of(used, limitText(name, limits));
}

interface LimitsCardProps {
  readonly id: string;
  readonly name: string;
  readonly usage: Usage;
}

/** The limits of a tenant beside what it uses; those that follow the default say so. */
export function LimitsCard({ id, name, usage }: LimitsCardProps) {
  const limits = useQuery({
    queryKey: ['limits', id],
    queryFn: () => answered(api.GET('/api/v1/tenants/{id}/limits', { params: { path: { id } } })),
  });
  const [editing, setEditing] = useState(false);
  const found = limits.data?.data;
  return (
    <Card title={TEXTS.page.limits} pad>
      {limits.error && <ErrorState error={limits.error} retry={() => void limits.refetch()} />}
      {limits.isPending && <Skeleton />}
      {found && (
        <>
          <Facts
            right
            rows={NAMES.map((limit) => [
              TEXTS.page.names[limit],
              <span
                key={limit}
                title={found.inherited.includes(limit) ? TEXTS.page.inherited : undefined}
                className={found.inherited.includes(limit) ? 'mid' : 'b'}
              >
                {rowText(limit, found, usage)}
              </span>,
            ])}
          />
          <div className="go" style={{ marginTop: 12 }}>
            <button type="button" className="btn sml" onClick={() => setEditing(true)}>
              {TEXTS.page.edit}
            </button>
          </div>
          {editing && <LimitsDialog id={id} name={name} limits={found} close={() => setEditing(false)} />}
        </>
      )}
    </Card>
  );
}

/** What a tenant without limits of its own has, so every new one. It opens once they are read, and returns the focus to its button. */
export function DefaultLimitsDialog({ close }: { readonly close: () => void }) {
  const limits = useQuery({ queryKey: ['limits', DEFAULT], queryFn: () => answered(api.GET('/api/v1/tenants/default/limits')) });
  const found = limits.data?.data;
  if (found) return <LimitsDialog id={DEFAULT} name={TEXTS.defaults.name} limits={found} close={close} />;
  if (!limits.error) return null;
  return (
    <Dialog title={TEXTS.page.editTitle(TEXTS.defaults.name)} close={close}>
      <ErrorState error={limits.error} retry={() => void limits.refetch()} />
    </Dialog>
  );
}

interface DialogProps {
  readonly id: string;
  readonly name: string;
  readonly limits: Limits;
  readonly close: () => void;
}

/** The row that tenants follow where they have no limit of their own. No tenant has this id. */
const DEFAULT = 'default';
const EDITED = NAMES.filter((name) => name !== 'unique_names');
const textOf = (value: Limits[LimitName]): string => (Array.isArray(value) ? value.join(', ') : value === null ? '' : String(value));

/** Changes the set as a whole; a field that was not touched keeps following the default. */
function LimitsDialog({ id, name, limits: latest, close }: DialogProps) {
  const [limits] = useState(latest); // a limit that was not touched is compared with what its field began with
  const client = useQueryClient();
  const [refused, refuse] = useState<Error | null>(null);
  const theirs = fieldErrors(refused);
  const [values, setValues] = useState<Readonly<Record<string, string>>>(
    Object.fromEntries(EDITED.map((limit) => [limit, textOf(limits[limit])])),
  );
  const save = async (reason: string | undefined) => {
    const own = EDITED.filter((limit) => !limits.inherited.includes(limit) || values[limit] !== textOf(limits[limit]));
    const unique = limits.inherited.includes('unique_names') ? {} : { unique_names: limits.unique_names };
    const body = { ...Object.fromEntries(own.map((limit) => [limit, valueOf(limit, values[limit] ?? '')])), ...unique, reason };
    if (id === DEFAULT) await answered(api.PUT('/api/v1/tenants/default/limits', { body: body as never }));
    else await answered(api.PUT('/api/v1/tenants/{id}/limits', { params: { path: { id } }, body: body as never }));
    await client.invalidateQueries({ queryKey: ['limits'] }); // tenants follow the default
  };
  const wrong = (limit: LimitName) => {
    if (LISTS.includes(limit)) return undefined;
    return AMOUNTS.includes(limit) ? decimalError(values[limit] ?? '') : wholeError(values[limit] ?? '');
  };
  return (
    <Confirm
      title={TEXTS.page.editTitle(name)}
      button={TEXTS.page.save}
      reason="required"
      ready={!EDITED.some(wrong)}
      confirm={save}
      refuse={refuse}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {id === DEFAULT ? TEXTS.defaults.help : TEXTS.page.editHelp}
      </p>
      <div className="two-cols">
        {EDITED.map((limit) => (
          <TextInput
            key={limit}
            label={TEXTS.page.names[limit]}
            value={values[limit]}
            error={wrong(limit) ?? theirs.get(limit)}
            onChange={(event) => {
              refuse(null);
              setValues({ ...values, [limit]: event.currentTarget.value });
            }}
          />
        ))}
      </div>
    </Confirm>
  );
}

function valueOf(name: LimitName, text: string): unknown {
  if (text.trim() === '') return null;
  if (LISTS.includes(name)) return text.split(',').map((one) => one.trim());
  return AMOUNTS.includes(name) ? text.trim() : wholeNumber(text);
}
