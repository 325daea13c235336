import { Checkbox, Select, Textarea, TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { Confirm } from '../../parts/confirm';
import { filledIn, useFields } from '../../parts/fields';
import { wholeError, wholeNumber } from '../../parts/format';
import '../../parts/money.css';
import { Card, Facts } from '../../parts/page';
import { ErrorState, Skeleton } from '../../parts/states';
import { MissingNote } from './issuer-card';
import { TEXTS } from './texts';

type Profile = Schemas['BillingProfileResponse'];

const { profile: WORDS } = TEXTS;
const businessText = (is: boolean | null): string => (is === null ? TEXTS.unknown : is ? TEXTS.yes : TEXTS.no);

/** A tenant as a legal buyer: what its invoices print, and how far they go by themselves. */
export function BillingProfileCard({ tenant }: { readonly tenant: string }) {
  const profile = useQuery({
    queryKey: ['billing-profile', tenant],
    queryFn: () => answered(api.GET('/api/v1/tenants/{id}/billing-profile', { params: { path: { id: tenant } } })),
  });
  const [isEditing, setEditing] = useState(false);
  const found = profile.data?.data;
  return (
    <Card
      title={WORDS.title}
      right={
        found && (
          <button type="button" className="btn sml" onClick={() => setEditing(true)}>
            {WORDS.edit}
            <span className="vh"> {WORDS.title}</span>
          </button>
        )
      }
      pad
    >
      {profile.error && <ErrorState error={profile.error} retry={() => void profile.refetch()} />}
      {profile.isPending && <Skeleton />}
      {found && (
        <div className="grid">
          <MissingNote problems={found.problems} />
          <Facts
            rows={[
              [WORDS.legal_name, found.legal_name],
              [WORDS.address, found.address && <span style={{ whiteSpace: 'pre-line' }}>{found.address}</span>],
              [WORDS.country, found.country],
              [WORDS.is_business, businessText(found.is_business)],
              [WORDS.tax_id, found.tax_id],
              [WORDS.currency, found.currency],
              [WORDS.net_days, found.net_days],
              [WORDS.email, found.email],
              [WORDS.purchase_order, found.purchase_order],
              [WORDS.auto, WORDS.autos[found.auto]],
              [WORDS.paused, found.paused ? WORDS.pausedHelp : null],
            ]}
          />
          <p className="sm go">
            <Link to="/invoices" search={{ tenant_id: tenant }}>
              {WORDS.invoices}
            </Link>
            <Link to="/payments" search={{ tenant_id: tenant }}>
              {WORDS.payments}
            </Link>
            <Link to="/wallets" search={{ tenant_id: tenant }}>
              {WORDS.wallet}
            </Link>
          </p>
        </div>
      )}
      {isEditing && found && <ProfileDialog profile={found} close={() => setEditing(false)} />}
    </Card>
  );
}

function ProfileDialog({ profile: latest, close }: { readonly profile: Profile; readonly close: () => void }) {
  const [profile] = useState(latest); // a save of the version that was opened is refused after a change by somebody else
  const client = useQueryClient();
  const [isPaused, setPaused] = useState(profile.paused);
  const { fields, values, set, refuse } = useFields({
    legal_name: profile.legal_name ?? '',
    address: profile.address ?? '',
    country: profile.country ?? '',
    is_business: profile.is_business === null ? '' : profile.is_business ? 'yes' : 'no',
    tax_id: profile.tax_id ?? '',
    currency: profile.currency ?? '',
    net_days: profile.net_days === null ? '' : String(profile.net_days),
    language: profile.language ?? '',
    email: profile.email ?? '',
    purchase_order: profile.purchase_order ?? '',
    auto: profile.auto,
  });
  const wrongDays = wholeError(values.net_days);
  const save = async (reason: string | undefined) => {
    const { is_business: business, net_days: days, ...texts } = values;
    const body = {
      ...filledIn(texts),
      ...(business !== '' && { is_business: business === 'yes' }),
      ...(days.trim() !== '' && { net_days: wholeNumber(days) }),
      // A check of the tax id counts for that id only.
      ...(profile.tax_id_evidence && values.tax_id === profile.tax_id && { tax_id_evidence: profile.tax_id_evidence }),
      paused: isPaused,
      expected_version: profile.version,
      ...(reason && { reason }),
    };
    const params = { path: { id: profile.tenant_id } };
    await answered(api.PUT('/api/v1/tenants/{id}/billing-profile', { params, body: body as never }));
    await client.invalidateQueries({ queryKey: ['billing-profile'] });
    await client.invalidateQueries({ queryKey: ['invoices'] });
  };
  return (
    <Confirm
      title={WORDS.dialog(profile.tenant_id)}
      button={TEXTS.save}
      wide
      reason="optional"
      ready={!wrongDays}
      confirm={save}
      refuse={refuse}
      close={close}
    >
      <div className="money-form">
        <TextInput className="all" label={WORDS.legal_name} data-autofocus {...fields.legal_name} />
        <Textarea className="all" label={WORDS.address} rows={3} {...fields.address} />
        <TextInput label={WORDS.country} description={TEXTS.issuer.countryHelp} maxLength={2} {...fields.country} />
        <Select
          label={WORDS.is_business}
          data={[
            { value: 'unknown', label: TEXTS.unknown },
            { value: 'yes', label: TEXTS.yes },
            { value: 'no', label: TEXTS.no },
          ]}
          value={values.is_business || 'unknown'}
          onChange={(next) => set('is_business', next === 'unknown' || next === null ? '' : next)}
          allowDeselect={false}
        />
        <TextInput label={WORDS.tax_id} {...fields.tax_id} />
        <TextInput label={WORDS.email} type="email" {...fields.email} />
        <TextInput label={WORDS.currency} placeholder={WORDS.ofIssuer} maxLength={3} {...fields.currency} />
        <TextInput label={WORDS.net_days} placeholder={WORDS.ofIssuer} inputMode="numeric" {...fields.net_days} error={wrongDays} />
        <TextInput label={WORDS.purchase_order} {...fields.purchase_order} />
        <Select
          label={WORDS.auto}
          data={Object.entries(WORDS.autos).map(([value, label]) => ({ value, label }))}
          value={values.auto}
          onChange={(next) => next && set('auto', next)}
          allowDeselect={false}
        />
        <Checkbox
          className="all"
          label={WORDS.paused}
          description={WORDS.pausedHelp}
          checked={isPaused}
          onChange={(event) => setPaused(event.currentTarget.checked)}
        />
      </div>
    </Confirm>
  );
}
