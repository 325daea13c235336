import { Menu } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type ResourceDetail } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { IconArrowsDiagonal, IconCamera, IconLockOpen, IconPower, IconShieldLock, IconTrash } from '../../parts/icons';
import { hasNothingToDo, PlanCard } from '../../parts/plan-card';
import { planStart, startSaga } from '../../parts/sagas';
import { ErrorState, Note, Skeleton } from '../../parts/states';
import { renew } from '../../shell/live';
import { nameOf } from '../inventory/inventory-columns';
import { TEXTS } from './texts';

type PowerAction = keyof typeof TEXTS.power.deeds;

interface ActionsProps {
  readonly resource: ResourceDetail;
  readonly isAdmin: boolean;
}

/** What can be done with a resource: protection for every kind, and the orders that a droplet takes. */
export function ResourceActions({ resource, isAdmin }: ActionsProps) {
  if (resource.deleted_at !== null) return null;
  const search = (kind: string) => ({ kind, resource_id: resource.id });
  return (
    <>
      <Protection resource={resource} isAdmin={isAdmin} />
      {resource.kind === 'droplet' && (
        <>
          <PowerMenu resource={resource} />
          <Link className="btn" to="/order" search={search('snapshot_droplet')}>
            <IconCamera size={16} stroke={1.75} aria-hidden />
            {TEXTS.actions.snapshot}
          </Link>
          <Link className="btn" to="/order" search={search('resize_droplet')}>
            <IconArrowsDiagonal size={16} stroke={1.75} aria-hidden />
            {TEXTS.actions.resize}
          </Link>
        </>
      )}
      {(ORDERS[resource.kind] ?? []).map((kind) => (
        <Link
          key={kind}
          className={kind.startsWith('delete') || kind.startsWith('release') ? 'btn bad' : 'btn'}
          to="/order"
          search={search(kind)}
        >
          {TEXTS.orders[kind]}
        </Link>
      ))}
      {resource.kind === 'droplet' && (
        <Link className="btn bad" to="/order" search={search('destroy_droplet')}>
          <IconTrash size={16} stroke={1.75} aria-hidden />
          {TEXTS.actions.destroy}
        </Link>
      )}
    </>
  );
}

/** The orders that a kind of resource takes, besides those of the droplet above. */
const ORDERS: Readonly<Record<string, readonly (keyof typeof TEXTS.orders)[]>> = {
  droplet: ['rename_droplet', 'set_droplet_backups', 'restore_droplet'],
  volume: ['attach_volume', 'detach_volume', 'resize_volume', 'delete_volume'],
  floating_ip: ['assign_ip', 'unassign_ip', 'release_ip'],
  firewall: ['update_firewall', 'attach_firewall'],
  snapshot: ['delete_snapshot'],
};

/** Protects, or lifts the protection. What an operator protected, only an operator releases. */
function Protection({ resource, isAdmin }: ActionsProps) {
  const client = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { protect } = TEXTS;
  const isProtected = resource.protected;
  if (isProtected && resource.protected_by === 'admin' && !isAdmin) return null;
  const Icon = isProtected ? IconLockOpen : IconShieldLock;
  const name = nameOf(resource);
  const change = async (reason: string | undefined) => {
    const body = { protected: !isProtected, ...(reason && { reason }) };
    await answered(api.PATCH('/api/v1/inventory/{id}', { params: { path: { id: resource.id } }, body }));
    await renew(client, 'resource');
  };
  return (
    <>
      <button type="button" className="btn" onClick={() => setAsking(true)}>
        <Icon size={16} stroke={1.75} aria-hidden />
        {isProtected ? protect.off : protect.on}…
      </button>
      {asking && (
        <Confirm
          title={isProtected ? protect.offTitle(name) : protect.onTitle(name)}
          button={isProtected ? protect.off : protect.on}
          reason="required"
          confirm={change}
          close={() => setAsking(false)}
        >
          <p className="mid">{isProtected ? protect.offText : protect.onText}</p>
        </Confirm>
      )}
    </>
  );
}

const WHILE_ON: readonly PowerAction[] = ['shutdown', 'reboot', 'off'];
const WHILE_OFF: readonly PowerAction[] = ['on'];

function PowerMenu({ resource }: { readonly resource: ResourceDetail }) {
  const [asking, setAsking] = useState<PowerAction | null>(null);
  const { power } = TEXTS;
  return (
    <>
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          <button type="button" className="btn">
            <IconPower size={16} stroke={1.75} aria-hidden />
            {power.button}
          </button>
        </Menu.Target>
        <Menu.Dropdown>
          {(resource.status === 'off' ? WHILE_OFF : WHILE_ON).map((action) => (
            <Menu.Item key={action} onClick={() => setAsking(action)}>
              {power.deeds[action]}…
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {asking && <PowerDialog resource={resource} action={asking} close={() => setAsking(null)} />}
    </>
  );
}

interface PowerProps {
  readonly resource: ResourceDetail;
  readonly action: PowerAction;
  readonly close: () => void;
}

/** Asks for the plan at once, and starts it when it is confirmed. A refused plan has no button. */
function PowerDialog({ resource, action, close }: PowerProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const [key] = useState(() => crypto.randomUUID());
  const body = { kind: 'power_droplet', input: { resource_id: resource.id, action } };
  const ask = useQuery({
    queryKey: ['power-plan', resource.id, action],
    queryFn: () => planStart(body),
    staleTime: Infinity,
    gcTime: 0,
    retry: false,
  });
  const plan = ask.data?.data;
  const refused = ask.error !== null || plan?.refused !== undefined || (plan !== undefined && hasNothingToDo(plan));
  const start = async (reason: string | undefined) => {
    const { data } = await startSaga({ ...body, ...(reason && { reason }) }, plan?.plan_hash, key);
    await client.invalidateQueries({ queryKey: ['sagas'] });
    await navigate({ to: '/sagas/$id', params: { id: data.id } });
  };
  const { power } = TEXTS;
  return (
    <Confirm
      title={power.title(power.deeds[action], nameOf(resource))}
      button={power.deeds[action]}
      reason="optional"
      ready={plan !== undefined && !refused}
      confirm={start}
      close={close}
    >
      <div style={{ marginBottom: 12 }}>
        <Note tone={action === 'off' ? 'warn' : 'info'}>{power.texts[action]}</Note>
      </div>
      {ask.error && <ErrorState error={ask.error} retry={() => void ask.refetch()} />}
      {ask.isPending && <Skeleton />}
      {plan && <PlanCard plan={plan} />}
    </Confirm>
  );
}
