import { Checkbox, Textarea, TextInput } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { answered, api, type Schemas } from '../../client/client';
import { LeaveGuard } from '../../parts/dialog';
import { filledIn, useFields } from '../../parts/fields';
import { IconCircleCheck } from '../../parts/icons';
import { wholeError, wholeNumber } from '../../parts/format';
import { OutdatedNote, useKept, type Kept } from '../../parts/kept';
import { Card } from '../../parts/page';
import { ErrorState, Note, RefusedNote, Skeleton } from '../../parts/states';
import { Badge } from '../../parts/status';
import { LogoField, useIssuerChange } from './logo-field';
import { TEXTS } from './texts';

type Issuer = Schemas['IssuerResponse'];

const { issuer: WORDS } = TEXTS;
const DEFAULT = 'default';

/** The hosting team as a legal seller. */
export function IssuerCard() {
  const issuer = useQuery({
    queryKey: ['issuer'],
    queryFn: () => answered(api.GET('/api/v1/billing/issuers/{id}', { params: { path: { id: DEFAULT } } })),
    refetchOnWindowFocus: false,
  });
  const found = issuer.data?.data;
  return (
    <Card
      title={WORDS.title}
      right={
        found?.problems.length === 0 && (
          <Badge tone="ok" icon={IconCircleCheck}>
            {TEXTS.complete}
          </Badge>
        )
      }
      pad
    >
      {issuer.error && <ErrorState error={issuer.error} retry={() => void issuer.refetch()} />}
      {issuer.isPending && <Skeleton />}
      {found && <LogoField issuer={found} />}
      {found && <IssuerForm latest={found} />}
    </Card>
  );
}

/** What an invoice needs and somebody lacks. */
export function MissingNote({ problems }: { readonly problems: Issuer['problems'] }) {
  if (problems.length === 0) return null;
  return (
    <Note tone="warn" title={`${TEXTS.problems}:`}>
      {problems.map(({ detail }) => detail).join('; ')}
    </Note>
  );
}

const registrationsOf = (text: string) =>
  text.split('\n').flatMap((line) => {
    const [kind = '', ...id] = line.trim().split(/\s+/);
    return kind === '' ? [] : [{ kind, id: id.join(' ') }];
  });

/** What the form has fields for, with the parts of a tax registration. The logo is none of them. */
const FIELDS =
  'name country address bank_text tax_ids kind id time_zone number_prefix currency grace_days net_days yearly issue_zero'.split(' ');
const contentOf = (issuer: Issuer): string => JSON.stringify(issuer, FIELDS);

function IssuerForm({ latest }: { readonly latest: Issuer }) {
  const kept = useKept(latest, contentOf);
  return (
    <>
      <MissingNote problems={latest.problems} />
      {kept.isOutdated && <OutdatedNote take={kept.take} />}
      {kept.isEdited && <LeaveGuard />}
      <IssuerFields key={contentOf(kept.record)} kept={kept} />
    </>
  );
}

function IssuerFields({ kept: { record: issuer, isSaved, edit, saved } }: { readonly kept: Kept<Issuer> }) {
  const [flags, setFlags] = useState({ yearly: issuer.yearly, issue_zero: issuer.issue_zero });
  const change = useIssuerChange(async (body: unknown) => {
    await answered(api.PUT('/api/v1/billing/issuers/{id}', { params: { path: { id: DEFAULT } }, body: body as never }));
    saved();
  });
  const { fields, values } = useFields(
    {
      name: issuer.name ?? '',
      address: issuer.address ?? '',
      country: issuer.country ?? '',
      bank_text: issuer.bank_text ?? '',
      tax_ids: issuer.tax_ids.map(({ kind, id }) => `${kind} ${id}`).join('\n'),
      number_prefix: issuer.number_prefix,
      grace_days: String(issuer.grace_days),
      net_days: String(issuer.net_days),
      time_zone: issuer.time_zone,
      currency: issuer.currency,
    },
    change.error,
  );
  const wrong = { grace_days: wholeError(values.grace_days), net_days: wholeError(values.net_days) };
  const isReady = !wrong.grace_days && !wrong.net_days && !change.isPending;
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    if (!isReady) return;
    const { tax_ids, grace_days, net_days, ...texts } = values;
    const numbers = { grace_days: wholeNumber(grace_days) ?? undefined, net_days: wholeNumber(net_days) ?? undefined };
    const given = { ...filledIn(texts), ...numbers, ...flags, tax_ids: registrationsOf(tax_ids) };
    change.mutate({ ...given, expected_version: issuer.version });
  };
  return (
    <form className="grid" onSubmit={submit} onChange={edit}>
      <div className="money-form">
        <TextInput label={WORDS.name} {...fields.name} />
        <TextInput label={WORDS.country} description={WORDS.countryHelp} maxLength={2} {...fields.country} />
        <Textarea label={WORDS.address} rows={3} {...fields.address} />
        <Textarea label={WORDS.bank_text} rows={3} {...fields.bank_text} />
        <Textarea label={WORDS.tax_ids} description={WORDS.taxIdsHelp} rows={2} {...fields.tax_ids} />
        <TextInput label={WORDS.time_zone} {...fields.time_zone} />
        <TextInput label={WORDS.number_prefix} {...fields.number_prefix} />
        <TextInput label={WORDS.currency} maxLength={3} {...fields.currency} />
        <TextInput
          label={WORDS.grace_days}
          inputMode="numeric"
          {...fields.grace_days}
          error={wrong.grace_days ?? fields.grace_days.error}
        />
        <TextInput label={WORDS.net_days} inputMode="numeric" {...fields.net_days} error={wrong.net_days ?? fields.net_days.error} />
        {(['yearly', 'issue_zero'] as const).map((name) => (
          <Checkbox
            key={name}
            label={WORDS[name]}
            checked={flags[name]}
            onChange={(event) => setFlags({ ...flags, [name]: event.currentTarget.checked })}
          />
        ))}
      </div>
      <div className="go">
        <button type="submit" className="btn pri" disabled={!isReady}>
          {TEXTS.save}
        </button>
        <span role="status" className="mid">
          {isSaved && TEXTS.saved}
        </span>
        {change.error && <RefusedNote error={change.error} />}
      </div>
    </form>
  );
}
