import { Link } from '@tanstack/react-router';
import { useEffect } from 'react';
import { IconChevronRight } from './icons';

/** The content of a page. `fixed`: the page itself does not scroll, the table in it does. */
export function Screen({ fixed = false, children }: { readonly fixed?: boolean; readonly children: React.ReactNode }) {
  return (
    <main id="main" tabIndex={-1} className={fixed ? 'main fixed' : 'main'}>
      {children}
    </main>
  );
}

interface PageHeadProps {
  readonly title: string;
  readonly badges?: React.ReactNode;
  readonly sub?: React.ReactNode;
  readonly crumbs?: readonly { readonly text: string; readonly to?: string; readonly mono?: boolean }[];
  readonly beside?: React.ReactNode;
  readonly actions?: React.ReactNode;
}

/** Breadcrumb, title with states, one sentence of meaning, actions. */
export function PageHead({ title, badges, sub, crumbs, beside, actions }: PageHeadProps) {
  useEffect(() => {
    document.title = `${title} · arcadia-cloud`;
  }, [title]);
  return (
    <>
      {crumbs && (
        <nav className="crumb" aria-label="Breadcrumb">
          {crumbs.map((crumb, index) => (
            <span key={crumb.text} style={{ display: 'contents' }}>
              {index > 0 && <IconChevronRight size={14} stroke={1.75} aria-hidden />}
              {crumb.to ? <Link to={crumb.to}>{crumb.text}</Link> : <span className={crumb.mono ? 'mono' : ''}>{crumb.text}</span>}
            </span>
          ))}
        </nav>
      )}
      <div className="head">
        <div style={{ minWidth: 0 }}>
          <h1 style={{ display: 'flex', gap: 10, alignItems: 'center', flexWrap: 'wrap' }}>
            {title}
            {badges}
          </h1>
          {sub && <p className="sub">{sub}</p>}
        </div>
        {beside}
        {actions && <div className="act">{actions}</div>}
      </div>
    </>
  );
}

interface CardProps {
  readonly title?: string;
  readonly right?: React.ReactNode;
  readonly children: React.ReactNode;
  readonly pad?: boolean;
  readonly label?: string;
}

export function Card({ title, right, children, pad = false, label }: CardProps) {
  return (
    <section className="card" aria-label={label ?? title}>
      {title && (
        <header>
          <h2>{title}</h2>
          {right && <span className="r">{right}</span>}
        </header>
      )}
      {pad ? <div className="pad">{children}</div> : children}
    </section>
  );
}

/** Names and values beneath each other. An absent value leaves its name out. */
export function Facts({
  rows,
  right = false,
}: {
  readonly rows: readonly (readonly [string, React.ReactNode])[];
  readonly right?: boolean;
}) {
  return (
    <dl className={right ? 'kv r' : 'kv'}>
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
