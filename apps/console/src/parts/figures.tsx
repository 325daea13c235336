import './money.css';

const TEXTS = { reading: 'Loading' };

export interface Figure {
  readonly name: string;
  readonly value: React.ReactNode;
  /** Beside the value, smaller. */
  readonly more?: React.ReactNode;
}

/** Stands in the place of a number: the reason why there is none, or a skeleton while the number is being read. */
export const NoFigure = ({ text }: { readonly text?: string | undefined }) =>
  text === undefined ? <span className="sk" aria-busy="true" aria-label={TEXTS.reading} /> : <span className="no-figure">{text}</span>;

/** A few numbers that a page is about, in one strip. */
export function Figures({ label, figures }: { readonly label: string; readonly figures: readonly Figure[] }) {
  return (
    <section className="card" aria-label={label}>
      <dl className="strip">
        {figures.map(({ name, value, more }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <b>{value}</b>
              {more && <span> {more}</span>}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
