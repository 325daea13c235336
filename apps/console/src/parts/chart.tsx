import { useElementSize } from '@mantine/hooks';
import { useId, useState, type KeyboardEvent } from 'react';
import { aboveZero, belowZero, scaleTicks, type Series, type Stacks } from './chart-scale';
import './chart.css';
import { count, money } from './format';

export interface Bar {
  readonly id: string;
  /** Below the bar. */
  readonly label: string;
  /** In the tooltip. */
  readonly title: string;
  /** An estimate, or a period that has not ended: hatched and dashed. */
  readonly open?: boolean;
  /** What the whole bar is expected to become: an empty dashed outline above it. */
  readonly expected?: number;
  /** Why there is no amount: a dashed box on the zero line instead of a bar. */
  readonly unknown?: string;
}

interface ChartProps extends Stacks {
  /** One sentence that says what the chart shows. A table beside it has every value. */
  readonly label: string;
  readonly bars: readonly Bar[];
  /** Pixels. */
  readonly height?: number;
  /** The chosen bar. */
  readonly chosen?: string | undefined;
  /** `Enter` or a click on a bar. */
  readonly onChoose?: (id: string) => void;
}

const TEXTS = { expected: 'expected', total: 'Total', estimate: 'estimate', empty: 'No costs in this time.' };

const LEFT = 44;
const BOTTOM = 20;
const TOP = 8;
const GAP_SHARE = 0.28;
const WIDEST_BAR = 44;
const TIP_WIDTH = 210;
/** Pixels that a label below a bar needs. */
const LABEL_PX = 46;
/** The height of the box in place of a bar. */
const UNKNOWN_PX = 14;

const colorOf = ({ color }: Series): string => (color === 0 ? 'var(--co)' : `var(--c${color})`);
const totalOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
/** The labels of one axis have the same number of places; zero has none. */
const axisText = (value: number, ticks: readonly number[]): string =>
  `${value < 0 ? '−' : ''}${value !== 0 && ticks.some((tick) => !Number.isInteger(tick)) ? Math.abs(value).toFixed(2) : count(Math.abs(value))}`;

/** Stacked bars of amounts in dollars. The arrow keys move from bar to bar, hover and focus show its parts. */
export function BarChart({ label, bars, series, values, height = 168, chosen, onChoose }: ChartProps) {
  const { ref, width } = useElementSize();
  const hatch = useId();
  const [active, setActive] = useState<number | null>(null);
  const most = Math.max(0, ...bars.map(({ expected = 0 }, index) => Math.max(expected, aboveZero(values[index] ?? []))));
  const least = Math.min(0, ...bars.map((_bar, index) => belowZero(values[index] ?? [])));
  const ticks = scaleTicks(most, least);
  const top = ticks.at(-1) ?? 1;
  const bottom = ticks[0] ?? 0;
  const inner = height - TOP - BOTTOM;
  const y = (value: number) => TOP + ((top - value) / (top - bottom)) * inner;
  const band = Math.max(0, width - LEFT) / Math.max(1, bars.length);
  const barWidth = Math.max(2, Math.min(WIDEST_BAR, band * (1 - GAP_SHARE)));
  const x = (index: number) => LEFT + index * band + (band - barWidth) / 2;
  const every = Math.max(1, Math.ceil(LABEL_PX / Math.max(1, band)));
  const shown = active === null ? undefined : bars[active];
  if (most === 0 && least === 0) return <p className="mid">{TEXTS.empty}</p>;

  const at = x(active ?? 0);
  const tipLeft = at > width / 2 ? Math.max(0, at - TIP_WIDTH - 8) : Math.min(at + barWidth + 8, Math.max(0, width - TIP_WIDTH));

  const move = (event: KeyboardEvent) => {
    const now = active ?? bars.length;
    const next = { ArrowLeft: Math.max(0, now - 1), ArrowRight: Math.min(bars.length - 1, now + 1), Home: 0, End: bars.length - 1 }[
      event.key
    ];
    if (next !== undefined) {
      event.preventDefault();
      setActive(next);
    } else if (event.key === 'Enter' && shown) onChoose?.(shown.id);
    else if (event.key === 'Escape') setActive(null);
  };

  return (
    <div
      className="chart"
      ref={ref}
      role="application"
      aria-label={label}
      tabIndex={0}
      onKeyDown={move}
      onBlur={() => setActive(null)}
      onPointerLeave={() => setActive(null)}
    >
      <svg width={width} height={height} role="img" aria-label={label}>
        <defs>
          {series.map((one) => (
            <pattern
              key={one.id}
              id={`${hatch}${one.color}`}
              width="5"
              height="5"
              patternUnits="userSpaceOnUse"
              patternTransform="rotate(45)"
            >
              <rect width="2.5" height="5" fill={colorOf(one)} />
              {one.color === 0 && <rect width="5" height="1.5" fill={colorOf(one)} />}
            </pattern>
          ))}
        </defs>
        {ticks.map((tick) => (
          <g key={tick} className={tick === 0 ? 'zero' : 'grid-line'}>
            <line x1={LEFT} x2={width} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
              {axisText(tick, ticks)}
            </text>
          </g>
        ))}
        {bars.map((bar, index) => (
          <g
            key={bar.id}
            className={active === index ? 'bar-on' : onChoose ? 'bar-pick' : undefined}
            onPointerEnter={() => setActive(index)}
            onClick={() => onChoose?.(bar.id)}
          >
            <rect className="band" x={LEFT + index * band} y={TOP} width={band} height={inner + BOTTOM} />
            {bar.expected !== undefined && bar.expected > totalOf(values[index] ?? []) && (
              <rect className="expected" x={x(index)} width={barWidth} y={y(bar.expected)} height={y(0) - y(bar.expected)} rx="2" />
            )}
            {bar.unknown && <rect className="expected" x={x(index)} width={barWidth} y={y(0) - UNKNOWN_PX} height={UNKNOWN_PX} rx="2" />}
            <Parts bar={bar} values={values[index] ?? []} series={series} hatch={hatch} x={x(index)} width={barWidth} y={y} />
            {(bars.length - 1 - index) % every === 0 && (
              <text className={bar.id === chosen ? 'chosen' : ''} x={x(index) + barWidth / 2} y={height - 4} textAnchor="middle">
                {bar.label}
              </text>
            )}
          </g>
        ))}
      </svg>
      <div className="chart-tip-place" style={{ left: tipLeft }} role="status">
        {shown && <Tip bar={shown} values={values[active ?? 0] ?? []} series={series} />}
      </div>
    </div>
  );
}

interface PartsProps {
  readonly bar: Bar;
  readonly values: readonly number[];
  readonly series: readonly Series[];
  readonly hatch: string;
  readonly x: number;
  readonly width: number;
  readonly y: (value: number) => number;
}

/**
 * The parts of one bar from zero up, and those below zero down, with a pixel of surface between them. An open bar has one dashed outline around
 * all of them.
 */
function Parts({ bar, values, series, hatch, x, width, y }: PartsProps) {
  const last = values.findLastIndex((value) => value > 0);
  const top = y(aboveZero(values));
  const bottom = y(belowZero(values));
  return (
    <>
      {series.map((one, index) => {
        const value = values[index] ?? 0;
        if (value === 0) return null;
        const nearer = value > 0 ? aboveZero(values.slice(0, index)) : belowZero(values.slice(0, index));
        const height = Math.abs(y(nearer) - y(nearer + value));
        const gap = nearer !== 0 && height > 2.5 ? 1 : 0;
        const isHatched = bar.open === true || one.color === 0;
        return (
          <rect
            key={one.id}
            x={x}
            width={width}
            y={value > 0 ? y(nearer + value) : y(nearer) + gap}
            height={Math.max(0.75, height - gap)}
            rx={index === last ? Math.min(2, height / 2) : 0}
            fill={isHatched ? `url(#${hatch}${one.color})` : colorOf(one)}
          />
        );
      })}
      {bar.open && bottom > top && <rect className="open-bar" x={x} width={width} y={top} height={Math.max(1, bottom - top)} rx="2" />}
    </>
  );
}

function Tip({ bar, values, series }: { readonly bar: Bar; readonly values: readonly number[]; readonly series: readonly Series[] }) {
  return (
    <div className="chart-tip">
      <p>
        <b>{bar.title}</b>
        {bar.open && !bar.unknown && <span className="dim"> {TEXTS.estimate}</span>}
      </p>
      {bar.unknown ? <p className="dim">{bar.unknown}</p> : <Amounts bar={bar} values={values} series={series} />}
    </div>
  );
}

function Amounts({ bar, values, series }: { readonly bar: Bar; readonly values: readonly number[]; readonly series: readonly Series[] }) {
  return (
    <dl>
      {series.length > 1 &&
        series.map((one, index) =>
          (values[index] ?? 0) !== 0 ? (
            <div key={one.id}>
              <dt>
                <Swatch of={one} />
                {one.name}
              </dt>
              <dd>{money(String(values[index]))}</dd>
            </div>
          ) : null,
        )}
      <div className="sum">
        <dt>{TEXTS.total}</dt>
        <dd>{money(String(totalOf(values)))}</dd>
      </div>
      {bar.expected !== undefined && (
        <div>
          <dt>{TEXTS.expected}</dt>
          <dd>~{money(String(bar.expected))}</dd>
        </div>
      )}
    </dl>
  );
}

export function Swatch({ of }: { readonly of: Series }) {
  return (
    <i
      className={of.color === 0 ? 'swatch others' : 'swatch'}
      style={{ background: of.color === 0 ? undefined : colorOf(of) }}
      aria-hidden="true"
    />
  );
}

/** What the colours mean, the largest first. */
export function Legend({ series }: Pick<Stacks, 'series'>) {
  if (series.length < 2) return null;
  return (
    <ul className="legend" aria-label="Legend">
      {series.map((one) => (
        <li key={one.id}>
          <Swatch of={one} />
          {one.name}
        </li>
      ))}
    </ul>
  );
}
