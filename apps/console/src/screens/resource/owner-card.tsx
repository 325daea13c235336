import { Select } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type ResourceDetail } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { IconCircleCheck, IconMinus } from '../../parts/icons';
import { Card } from '../../parts/page';
import { TenantName, useTenantOptions } from '../../shell/counts';
import { renew } from '../../shell/live';
import { nameOf } from '../inventory/inventory-columns';
import { TEXTS } from './texts';

/** Whose it is, and which rule said so: each rule that was asked, in order. */
export function OwnerCard({ resource, isAdmin }: { readonly resource: ResourceDetail; readonly isAdmin: boolean }) {
  const { attribution, tenant_id: tenant } = resource;
  const [asking, setAsking] = useState<'assign' | 'back' | null>(null);
  const rules = rulesOf(attribution);
  return (
    <Card title={TEXTS.owner.title} pad>
      <p style={{ fontWeight: 600, fontSize: 15, lineHeight: '22px', marginBottom: 6 }}>
        {tenant === null ? (
          <span className="dim">{TEXTS.owner.noOwner}</span>
        ) : isAdmin ? (
          <Link to="/inventory" search={{ tenant_id: tenant }}>
            <TenantName id={tenant} />
          </Link>
        ) : (
          tenant
        )}
      </p>
      {isAdmin && (
        <>
          <ol className="why">
            {rules.map(({ text, hit }) => (
              <li key={text} className={hit ? 'hit' : ''}>
                {hit ? <IconCircleCheck size={16} stroke={1.75} aria-hidden /> : <IconMinus size={16} stroke={1.75} aria-hidden />}
                <span>{hit ? <b style={{ fontWeight: 600 }}>{text}</b> : text}</span>
              </li>
            ))}
          </ol>
          <div className="go" style={{ marginTop: 10 }}>
            <button type="button" className="btn sml" onClick={() => setAsking('assign')}>
              {TEXTS.owner.assign}
            </button>
            {attribution.by === 'override' && (
              <button type="button" className="btn sml quiet" onClick={() => setAsking('back')}>
                {TEXTS.owner.giveBack}
              </button>
            )}
          </div>
        </>
      )}
      {asking && <AssignDialog resource={resource} isBack={asking === 'back'} close={() => setAsking(null)} />}
    </Card>
  );
}

function rulesOf({ by, ref_name: name }: ResourceDetail['attribution']): readonly { text: string; hit: boolean }[] {
  const { owner } = TEXTS;
  const order = [
    { by: 'override', yes: owner.override, no: owner.noOverride },
    { by: 'project', yes: owner.project(name ?? '?'), no: owner.noProject },
    { by: 'parent', yes: owner.parent(name ?? '?'), no: owner.noParent },
    { by: 'rule', yes: owner.rule(name ?? '?'), no: owner.noRule },
    { by: 'members', yes: owner.members(name ?? '?'), no: owner.noMembers },
    { by: 'fallback', yes: owner.fallback, no: '' },
  ];
  const at = order.findIndex((rule) => rule.by === by);
  const asked = order.slice(0, at + 1).map((rule) => ({ text: rule.by === by ? rule.yes : rule.no, hit: rule.by === by }));
  return at < order.length - 1 ? [...asked, { text: owner.notAsked, hit: false }] : asked;
}

interface AssignProps {
  readonly resource: ResourceDetail;
  readonly isBack: boolean;
  readonly close: () => void;
}

function AssignDialog({ resource, isBack, close }: AssignProps) {
  const client = useQueryClient();
  const [tenant, setTenant] = useState<string | null>(null);
  const tenants = useTenantOptions();
  const name = nameOf(resource);
  const assign = async (reason: string | undefined) => {
    const body = { tenant_id: isBack ? null : tenant, reason };
    await answered(api.PATCH('/api/v1/inventory/{id}', { params: { path: { id: resource.id } }, body: body as never }));
    await renew(client, 'resource', 'tenant');
  };
  return (
    <Confirm
      title={isBack ? TEXTS.owner.giveBackTitle(name) : TEXTS.owner.assignTitle(name)}
      button={isBack ? TEXTS.owner.backButton : TEXTS.owner.button}
      reason="required"
      ready={isBack || tenant !== null}
      confirm={assign}
      close={close}
    >
      <p className="mid">{isBack ? TEXTS.owner.giveBackText : TEXTS.owner.assignText}</p>
      {!isBack && (
        <Select
          label={TEXTS.owner.tenant}
          data={[...tenants]}
          value={tenant}
          onChange={setTenant}
          searchable
          mt={10}
          required
          data-autofocus
        />
      )}
    </Confirm>
  );
}
