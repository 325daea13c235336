import { Select, TextInput } from '@mantine/core';
import { kindName } from '../../parts/kinds';
import { IconPlus, IconTrash } from '../../parts/icons';
import { useSummary } from '../../shell/counts';
import { DIMENSIONS, MODEL_FIELDS, type ModelType, type RateDraft, type TierDraft } from './rate-model';
import { TEXTS } from './texts';

const { editor: WORDS } = TEXTS;
const MODELS = Object.entries(TEXTS.models).map(([value, label]) => ({ value, label }));

export interface RateFieldsProps {
  readonly rate: RateDraft;
  readonly change: (rate: RateDraft) => void;
  /** By the path that the API names, below this rate: `model.percent`. */
  readonly errorAt: (path: string) => string | undefined;
}

/** What a rate applies to. A dimension that stays empty is any. */
export function SelectorFields({ rate, change, errorAt }: RateFieldsProps) {
  const { by_kind: kinds = [], by_region: regions = [] } = useSummary().data?.data ?? {};
  const set = (name: string, value: string) => change({ ...rate, selector: { ...rate.selector, [name]: value } });
  const options: Readonly<Record<string, readonly { value: string; label: string }[]>> = {
    kind: kinds.map(({ kind }) => ({ value: kind, label: kindName(kind) })),
    region: regions.flatMap(({ region }) => (region ? [{ value: region, label: region }] : [])),
  };
  return (
    <fieldset>
      <legend>{WORDS.appliesTo}</legend>
      <div className="rate-row">
        {DIMENSIONS.map((name) => {
          const common = { label: TEXTS.dimensions[name], placeholder: WORDS.any, error: errorAt(`selector.${name}`) };
          const value = rate.selector[name] ?? '';
          const known = options[name];
          if (!known) return <TextInput key={name} {...common} value={value} onChange={(event) => set(name, event.currentTarget.value)} />;
          const all = value === '' || known.some((one) => one.value === value) ? known : [...known, { value, label: kindName(value) }];
          return (
            <Select
              key={name}
              {...common}
              data={[...all]}
              value={value || null}
              onChange={(next) => set(name, next ?? '')}
              searchable
              clearable
            />
          );
        })}
      </div>
    </fieldset>
  );
}

/** The model and its fields. What was typed for another model is kept. */
export function ModelFields({ rate, change, errorAt }: RateFieldsProps) {
  const set = (name: string, value: string) => change({ ...rate, fields: { ...rate.fields, [name]: value } });
  return (
    <fieldset>
      <div className="rate-row">
        <Select
          label={WORDS.model}
          data={MODELS}
          value={rate.type}
          onChange={(type) => type && change({ ...rate, type: type as ModelType })}
          allowDeselect={false}
        />
        {MODEL_FIELDS[rate.type].map(({ name, words, otherwise }) => {
          const label = TEXTS.fields[name] ?? name;
          if (!words) {
            return (
              <TextInput
                key={name}
                label={label}
                inputMode="decimal"
                placeholder={otherwise ?? ''}
                value={rate.fields[name] ?? ''}
                onChange={(event) => set(name, event.currentTarget.value)}
                error={errorAt(`model.${name}`)}
              />
            );
          }
          const data = words.map((value) => ({
            value,
            label: name === 'proration' && value === 'hour' ? TEXTS.prorationHour : (TEXTS.words[value] ?? value),
          }));
          return (
            <Select
              key={name}
              label={label}
              data={data}
              value={rate.fields[name] ?? words[0] ?? null}
              onChange={(value) => set(name, value ?? '')}
              allowDeselect={false}
              error={errorAt(`model.${name}`)}
            />
          );
        })}
        <TextInput
          label={WORDS.priority}
          inputMode="numeric"
          value={rate.priority}
          onChange={(event) => change({ ...rate, priority: event.currentTarget.value })}
          error={errorAt('priority')}
        />
      </div>
      {(rate.type === 'graduated' || rate.type === 'volume') && <Tiers rate={rate} change={change} errorAt={errorAt} />}
    </fieldset>
  );
}

const TIER_FIELDS = ['up_to', 'per_unit', 'flat'] as const;

/** Tiers from the bottom up; the last one has no end. */
function Tiers({ rate, change, errorAt }: RateFieldsProps) {
  const { tiers } = rate;
  const set = (at: number, next: Partial<TierDraft>) =>
    change({ ...rate, tiers: tiers.map((tier, index) => (index === at ? { ...tier, ...next } : tier)) });
  const add = () => change({ ...rate, tiers: [...tiers.slice(0, -1), { up_to: '', per_unit: '', flat: '' }, ...tiers.slice(-1)] });
  return (
    <div style={{ marginTop: 10 }}>
      {tiers.map((tier, at) => (
        <div className="tier" key={`${rate.key} ${at}`}>
          {TIER_FIELDS.map((name) => {
            const isLast = name === 'up_to' && at === tiers.length - 1;
            return (
              <TextInput
                key={name}
                label={`${WORDS.tier(at + 1)}: ${TEXTS.fields[name] ?? name}`}
                inputMode="decimal"
                value={isLast ? WORDS.rest : tier[name]}
                disabled={isLast}
                onChange={(event) => set(at, { [name]: event.currentTarget.value })}
                error={errorAt(`model.tiers.${at}.${name}`)}
              />
            );
          })}
          <button
            type="button"
            className="iconbtn"
            aria-label={WORDS.removeTier(at + 1)}
            disabled={tiers.length === 1}
            onClick={() => change({ ...rate, tiers: tiers.filter((_, index) => index !== at) })}
          >
            <IconTrash size={16} stroke={1.75} aria-hidden />
          </button>
        </div>
      ))}
      <button type="button" className="btn sml" onClick={add}>
        <IconPlus size={14} stroke={1.75} aria-hidden />
        {WORDS.addTier}
      </button>
    </div>
  );
}
