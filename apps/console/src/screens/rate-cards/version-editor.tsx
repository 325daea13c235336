import { TextInput } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { useEffect, useRef, useState, type SubmitEvent } from 'react';
import { answered, api } from '../../client/client';
import { LeaveGuard, useTyped } from '../../parts/dialog';
import { fieldErrors, filledIn } from '../../parts/fields';
import { useFilters } from '../../parts/filters';
import { IconCopy, IconPlus, IconTrash } from '../../parts/icons';
import '../../parts/money.css';
import { Card, Detail, PageHead } from '../../parts/page';
import { ProblemCode } from '../../parts/states';
import { firstMonthOf, useCard, versionsOf } from './card-data';
import { ModelFields, SelectorFields } from './model-fields';
import { bodyOf, copyOf, draftOf, newRate, problemsOf, TERMS, type RateDraft, type Version } from './rate-model';
import './rate-cards.css';
import { TEXTS } from './texts';

const { editor: WORDS } = TEXTS;
const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

/** A new version, as a copy of another one or empty, or a version that is not published yet. */
export function VersionEditorScreen() {
  const { id } = useParams({ from: '/rate-cards/$id/edit' });
  const { filters } = useFilters();
  const card = useCard(id);
  const versions = useQuery({ ...versionsOf(id), refetchOnWindowFocus: false, staleTime: Infinity });
  const found = card.data?.data;
  const all = versions.data?.data;
  const source = all?.find(({ version }) => String(version) === (filters.version ?? filters.copy));
  const title = filters.version ? WORDS.edit(Number(filters.version)) : WORDS.create(found?.name ?? '');
  return (
    <Detail what={TEXTS.one} list={{ text: TEXTS.title, to: '/rate-cards' }} queries={[card, versions]}>
      {found && all && (
        <>
          <PageHead
            title={title}
            sub={WORDS.saveHelp}
            crumbs={[{ text: TEXTS.title, to: '/rate-cards' }, { text: found.name, to: `/rate-cards/${id}` }, { text: title }]}
          />
          <VersionForm
            cardId={id}
            source={source}
            replaces={filters.version ? Number(filters.version) : null}
            firstMonth={firstMonthOf(all)}
          />
        </>
      )}
    </Detail>
  );
}

interface FormProps {
  readonly cardId: string;
  readonly source: Version | undefined;
  /** The number of the version that is edited; null for a new one. */
  readonly replaces: number | null;
  /** Of a new version, unless another one is chosen. */
  readonly firstMonth: string;
}

/** Keeps what was typed when the API refuses it, and shows each sentence beside its field. */
function VersionForm({ cardId, source, replaces, firstMonth }: FormProps) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const form = useRef<HTMLFormElement>(null);
  const [validFrom, setValidFrom] = useState(replaces !== null && source ? source.valid_from : firstMonth);
  const [rates, setRates] = useState<readonly RateDraft[]>(() => source?.rates.map(draftOf) ?? [newRate()]);
  const [terms, setTerms] = useState<Readonly<Record<string, string>>>(() =>
    Object.fromEntries(TERMS.map((term) => [term, source?.monthly[term] ?? ''])),
  );
  const [isTried, setTried] = useState(false);
  const [refused, setRefused] = useState<Error | null>(null);
  const [isBusy, setBusy] = useState(false);
  const { isTyped, handlers } = useTyped();
  const isMonth = MONTH.test(validFrom);
  const own = new Map([
    ...(isMonth ? [] : [['valid_from', WORDS.noMonth] as const]),
    ...rates.flatMap((rate, at) => problemsOf(rate, `rates.${at}`)),
  ]);
  const theirs = fieldErrors(refused);
  const errorAt = (path: string) => (isTried ? (own.get(path) ?? theirs.get(path)) : undefined);

  useEffect(() => {
    if (refused) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [refused]);

  const save = async () => {
    setTried(true);
    setRefused(null);
    if (own.size > 0) return;
    setBusy(true);
    // Selectors and models are free objects of the document, which the client takes for objects without fields.
    const body = { valid_from: validFrom, rates: rates.map(bodyOf), monthly: filledIn(terms) } as never;
    const path = { id: cardId, version: replaces ?? 0 };
    const call =
      replaces === null
        ? api.POST('/api/v1/rate-cards/{id}/versions', { params: { path: { id: cardId } }, body })
        : api.PUT('/api/v1/rate-cards/{id}/versions/{version}', { params: { path }, body });
    try {
      const { data } = await answered(call);
      await client.invalidateQueries({ queryKey: ['rate-cards'] });
      await navigate({ to: '/rate-cards/$id', params: { id: cardId }, search: { version: String(data.version) }, ignoreBlocker: true });
    } catch (error) {
      setRefused(error instanceof Error ? error : new Error(String(error)));
      setBusy(false);
    }
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void save();
  };
  const replace = (at: number, ...next: readonly RateDraft[]) => setRates(rates.toSpliced(at, 1, ...next));
  return (
    <form ref={form} className="grid" onSubmit={submit} noValidate style={{ maxWidth: 1180 }} {...handlers}>
      {isTyped && <LeaveGuard />}
      <Card label={TEXTS.version.monthly} pad>
        <div className="rate-row">
          <TextInput
            label={WORDS.validFrom}
            description={WORDS.validFromHelp}
            inputWrapperOrder={['label', 'input', 'description', 'error']}
            type="month"
            value={validFrom}
            onChange={(event) => setValidFrom(event.currentTarget.value)}
            error={errorAt('valid_from')}
          />
          {TERMS.map((term) => (
            <TextInput
              key={term}
              label={`${TEXTS.version.terms[term]} ${term === 'discount_percent' ? '%' : '$'}`}
              inputMode="decimal"
              placeholder={TEXTS.none}
              value={terms[term] ?? ''}
              onChange={(event) => {
                const { value } = event.currentTarget;
                setTerms((now) => ({ ...now, [term]: value }));
              }}
              error={errorAt(`monthly.${term}`)}
            />
          ))}
        </div>
      </Card>
      {rates.map((rate, at) => {
        const props = { rate, change: (next: RateDraft) => replace(at, next), errorAt: (path: string) => errorAt(`rates.${at}.${path}`) };
        return (
          <Card
            key={rate.key}
            title={WORDS.rate(at + 1)}
            right={
              <>
                <button type="button" className="iconbtn" aria-label={WORDS.copyRate} onClick={() => replace(at, rate, copyOf(rate))}>
                  <IconCopy size={16} stroke={1.75} aria-hidden />
                </button>
                <button type="button" className="iconbtn" aria-label={WORDS.removeRate} onClick={() => replace(at)}>
                  <IconTrash size={16} stroke={1.75} aria-hidden />
                </button>
              </>
            }
          >
            <div className="rate-edit">
              <ModelFields {...props} />
              <SelectorFields {...props} />
            </div>
          </Card>
        );
      })}
      <p>
        <button type="button" className="btn" onClick={() => setRates([...rates, newRate()])}>
          <IconPlus size={16} stroke={1.75} aria-hidden />
          {WORDS.addRate}
        </button>
      </p>
      <div className="save-bar">
        <button type="submit" className="btn pri" disabled={isBusy}>
          {WORDS.save}
        </button>
        <Link className="btn" to="/rate-cards/$id" params={{ id: cardId }} ignoreBlocker>
          {WORDS.cancel}
        </Link>
        <div role="alert" className="st bad">
          {isTried && own.size > 0 && WORDS.refused}
          {refused?.message}
        </div>
        {refused && <ProblemCode error={refused} />}
      </div>
    </form>
  );
}
