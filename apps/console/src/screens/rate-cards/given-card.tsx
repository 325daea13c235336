import { Select, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { monthText } from '../../parts/format';
import { Card } from '../../parts/page';
import { useTenantOptions } from '../../shell/counts';
import { thisMonth } from './card-data';
import { TEXTS } from './texts';

type Detail = Schemas['RateCardDetailResponse'];
interface Asked {
  readonly verb: 'give' | 'end';
  readonly tenant: string;
}

const { given: WORDS } = TEXTS;
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** The tenants that have the card, with their months; gives it to another one, or takes it away. */
export function GivenCard({ card }: { readonly card: Detail }) {
  const [asked, setAsked] = useState<Asked | null>(null);
  return (
    <Card
      title={WORDS.title}
      right={
        <button type="button" className="btn sml" onClick={() => setAsked({ verb: 'give', tenant: '' })}>
          {WORDS.button}
        </button>
      }
    >
      {card.is_default && <p className="pad mid">{WORDS.byDefault}</p>}
      {!card.is_default && card.tenants.length === 0 && <p className="pad mid">{WORDS.none}</p>}
      <ul className="given">
        {card.tenants.map(({ tenant_id: tenant, valid_from: from, valid_to: to }) => (
          <li key={`${tenant} ${from}`}>
            <span>
              <Link className="b" to="/tenants/$id" params={{ id: tenant }}>
                {tenant}
              </Link>
              <span className="dim sm">
                {WORDS.from.toLowerCase()} {monthText(from)}
                {to && ` ${WORDS.until.toLowerCase()} ${monthText(to)}`}
              </span>
            </span>
            {to === null && (
              <button type="button" className="btn quiet sml" onClick={() => setAsked({ verb: 'end', tenant })}>
                {WORDS.end}
                <span className="vh"> {tenant}</span>
              </button>
            )}
          </li>
        ))}
      </ul>
      {asked && <GiveDialog card={card} asked={asked} close={() => setAsked(null)} />}
    </Card>
  );
}

function GiveDialog({ card, asked, close }: { readonly card: Detail; readonly asked: Asked; readonly close: () => void }) {
  const client = useQueryClient();
  const tenants = useTenantOptions();
  const [tenant, setTenant] = useState(asked.tenant);
  const [month, setMonth] = useState(thisMonth());
  const isEnd = asked.verb === 'end';
  const save = async (reason: string | undefined) => {
    const body = { card_id: isEnd ? null : card.id, valid_from: month, ...(reason && { reason }) };
    await answered(api.PUT('/api/v1/tenants/{id}/rate-card', { params: { path: { id: tenant } }, body }));
    await client.invalidateQueries({ queryKey: ['rate-cards'] });
  };
  return (
    <Confirm
      title={isEnd ? WORDS.endTitle(tenant) : WORDS.dialog}
      button={isEnd ? WORDS.end : WORDS.button}
      reason="optional"
      ready={tenant !== '' && MONTH.test(month)}
      confirm={save}
      close={close}
    >
      <p className="mid" style={{ marginBottom: 10 }}>
        {isEnd ? WORDS.endText : WORDS.text}
      </p>
      {!isEnd && (
        <Select
          label={WORDS.tenant}
          data={[...tenants]}
          value={tenant || null}
          onChange={(next) => setTenant(next ?? '')}
          searchable
          mb={10}
          data-autofocus
        />
      )}
      <TextInput label={WORDS.from} type="month" value={month} onChange={(event) => setMonth(event.currentTarget.value)} />
    </Confirm>
  );
}
