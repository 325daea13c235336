import { TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { count, hourly, money, moneyDelta, plainMoney, sumOf } from '../../parts/format';
import { IconAlertTriangle } from '../../parts/icons';
import { planStart, type StartBody } from '../../parts/sagas';
import { useSizes, type Size } from './catalog';
import { TEXTS } from './texts';

interface SizeFieldProps {
  readonly value: string;
  readonly set: (value: string) => void;
  readonly problem: string | undefined;
  readonly region: string;
}

const memoryText = (mib: number): string => (mib < 1_024 ? `${mib} MiB` : `${count(mib / 1_024)} GiB`);

/** Why a size cannot be ordered here, or nothing. */
function refusalOf(size: Size, region: string): string | null {
  if (size.allowed === false) return TEXTS.sizes.notAllowed;
  if (!size.available) return TEXTS.sizes.soldOut;
  return region !== '' && !size.regions.includes(region) ? TEXTS.sizes.notIn(region) : null;
}

/** `2 vcpu` and `4 gb` are exact; every other word is a part of the name, or a region. */
function matches(size: Size, text: string): boolean {
  const gib = size.memory_mib / 1_024;
  const exact = new Set([`${size.vcpus}vcpu`, `${gib}gib`, `${gib}gb`, `${size.memory_mib}mib`, `${size.memory_mib}mb`, ...size.regions]);
  const wanted = text.toLowerCase().replaceAll(/(\d)\s+(?=vcpu|gi?b|mi?b)/g, '$1');
  const isMatch = (word: string) =>
    exact.has(word) || (!/^\d+(vcpu|gi?b|mi?b)$/.test(word) && `${size.slug} ${size.family}`.includes(word));
  return wanted.split(/\s+/).every(isMatch);
}

/** The sizes with their prices, cheapest first. One that limits or the region forbid stays in sight and says why. */
export function SizeField({ value, set, problem, region }: SizeFieldProps) {
  const sizes = useSizes();
  const [text, setText] = useState('');
  const all = sizes.data ?? [];
  const chosen = all.find(({ slug }) => slug === value);
  const shown = all.filter((size) => matches(size, text.trim()));
  return (
    <div>
      <TextInput
        id="field-size_slug"
        value={text}
        onChange={(event) => setText(event.currentTarget.value)}
        placeholder={TEXTS.sizes.filter}
        autoComplete="off"
        spellCheck={false}
        mb={8}
      />
      {sizes.isSuccess && all.length === 0 && <p className="mid">{TEXTS.sizes.unread}</p>}
      {sizes.error && <p className="st bad">{sizes.error.message}</p>}
      {all.length > 0 && (
        <div className="sz">
          <div className="rows" role="radiogroup" aria-label={TEXTS.sizes.size}>
            <table aria-label={TEXTS.sizes.size}>
              <colgroup>
                <col className="slug" />
                <col style={{ width: 50 }} />
                <col className="hide-m" style={{ width: 80 }} />
                <col className="hide-m" style={{ width: 72 }} />
                <col style={{ width: 78 }} />
              </colgroup>
              <thead>
                <tr>
                  <th scope="col">{TEXTS.sizes.size}</th>
                  <th scope="col" className="num">
                    {TEXTS.sizes.vcpus}
                  </th>
                  <th scope="col" className="num hide-m">
                    {TEXTS.sizes.memory}
                  </th>
                  <th scope="col" className="num hide-m">
                    {TEXTS.sizes.disk}
                  </th>
                  <th scope="col" className="num">
                    {TEXTS.sizes.price}
                  </th>
                  <th scope="col" className="hide-m">
                    {TEXTS.sizes.where}
                  </th>
                </tr>
              </thead>
              <tbody>
                {shown.map((size) => (
                  <SizeRow key={size.slug} size={size} region={region} on={size.slug === value} set={set} />
                ))}
              </tbody>
            </table>
            {shown.length === 0 && <p className="pad mid">{TEXTS.none}</p>}
          </div>
        </div>
      )}
      {problem && (
        <p className="st bad" style={{ marginTop: 6 }}>
          <IconAlertTriangle size={14} stroke={1.75} aria-hidden />
          {problem}
        </p>
      )}
      {chosen && <SizeLine size={chosen} refusal={refusalOf(chosen, region)} />}
    </div>
  );
}

interface SizeRowProps {
  readonly size: Size;
  readonly region: string;
  readonly on: boolean;
  readonly set: (slug: string) => void;
}

function SizeRow({ size, region, on, set }: SizeRowProps) {
  const refusal = refusalOf(size, region);
  const className = [on ? 'on' : '', refusal ? 'no' : ''].join(' ').trim();
  return (
    <tr className={className} onClick={() => refusal === null && set(size.slug)}>
      <td>
        <label className="nm">
          <input type="radio" name="size_slug" value={size.slug} checked={on} disabled={refusal !== null} onChange={() => set(size.slug)} />
          <span className="trunc">{size.slug}</span>
        </label>
      </td>
      <td className="num">{size.vcpus}</td>
      <td className="num hide-m">{memoryText(size.memory_mib)}</td>
      <td className="num hide-m">{count(size.disk_gib)} GiB</td>
      <td className="num">{size.price ? plainMoney(size.price.monthly) : TEXTS.sizes.noPrice}</td>
      <td className="hide-m trunc" title={size.regions.join(' ')}>
        {refusal ?? TEXTS.sizes.inRegions(size.regions)}
      </td>
    </tr>
  );
}

function SizeLine({ size, refusal }: { readonly size: Size; readonly refusal: string | null }) {
  const { price } = size;
  return (
    <p style={{ marginTop: 6 }} className={refusal ? 'st bad' : 'mid'}>
      <span>
        <b>{size.slug}</b> {price ? TEXTS.sizes.costs(money(price.monthly), hourly(price.hourly)) : TEXTS.sizes.noPrice}
        {refusal && ` · ${refusal}`}
      </span>
    </p>
  );
}

interface PriceNowProps {
  readonly slug: string;
  readonly backups: boolean;
}

/** What the order costs as it is filled in now. */
export function PriceNow({ slug, backups }: PriceNowProps) {
  const price = useSizes().data?.find((size) => size.slug === slug)?.price;
  if (!price) return null;
  const more = (backups && price.backups?.monthly) || '0';
  return (
    <output className="tn" aria-label={TEXTS.price.label}>
      <b>{money(sumOf([price.monthly, more]))}</b> <span className="dim">{TEXTS.price.month(Number(more) > 0 ? money(more) : null)}</span>
    </output>
  );
}

const SETTLED_MS = 400;

/** What an order without a size costs, by its plan, as soon as the form is complete. Nothing while it is not, or has no price. */
export function PlannedPrice({ body, isComplete }: { readonly body: StartBody; readonly isComplete: boolean }) {
  const [text] = useDebouncedValue(JSON.stringify(body.input), SETTLED_MS);
  const plan = useQuery({
    queryKey: ['order-price', body.kind, text],
    queryFn: () => planStart({ kind: body.kind, input: JSON.parse(text) as StartBody['input'] }),
    enabled: isComplete && text === JSON.stringify(body.input),
    placeholderData: keepPreviousData,
    gcTime: 0,
    retry: false,
  });
  const delta = plan.data?.data.cost.delta_monthly ?? null;
  if (!isComplete || delta === null) return null;
  return (
    <output className="tn" aria-label={TEXTS.price.label}>
      <b>{TEXTS.price.change(moneyDelta(delta))}</b> <span className="dim">{Number(delta) !== 0 && TEXTS.price.aMonth}</span>
    </output>
  );
}
