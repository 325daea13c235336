import { Link, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
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
  /** The screens that belong together, above the title, so that they stay in their place from one to the next. */
  readonly places?: React.ReactNode;
  readonly beside?: React.ReactNode;
  readonly actions?: React.ReactNode;
}

/** Breadcrumb or neighbours, title with states, one sentence of meaning, actions. */
export function PageHead({ title, badges, sub, crumbs, places, beside, actions }: PageHeadProps) {
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
      {places && <div className="places">{places}</div>}
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

interface SubNavProps {
  readonly label: string;
  readonly places: readonly { readonly to: string; readonly text: string }[];
}

/** Screens that belong together, as links. Where they do not fit, the one that is shown is scrolled into view. */
export function SubNav({ label, places }: SubNavProps) {
  const { pathname } = useLocation();
  const nav = useRef<HTMLElement>(null);
  useEffect(() => {
    const here = nav.current?.querySelector<HTMLElement>('.on');
    if (nav.current && here) nav.current.scrollLeft = here.offsetLeft + here.offsetWidth - nav.current.clientWidth;
  }, [pathname]);
  return (
    <nav ref={nav} className="seg" aria-label={label}>
      {places.map(({ to, text }) => (
        <Link key={to} to={to} className={pathname === to ? 'on' : ''} aria-current={pathname === to ? 'page' : undefined}>
          {text}
        </Link>
      ))}
    </nav>
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
