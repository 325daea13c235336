import { Link, useLocation } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import { Problem } from '../client/client';
import { IconArrowLeft, IconChevronRight } from './icons';
import { ErrorState, Note, ProblemCode, Skeleton } from './states';

const TEXTS = {
  back: (list: string) => `Back to ${list}`,
  // The status decides the title; the sentence of the refusal stands below.
  missing: (what: string) => `There is no such ${what.toLowerCase()}`,
  refused: (what: string) => `This ${what.toLowerCase()} is not for you`,
  unread: (what: string) => `${what} not read`,
  stale: 'This page could not be read again.',
};

/** The content of a page. `fixed`: the page itself does not scroll, the table in it does. */
export function Screen({ fixed = false, children }: { readonly fixed?: boolean; readonly children: React.ReactNode }) {
  return (
    <main id="main" tabIndex={-1} className={fixed ? 'main fixed' : 'main'}>
      {children}
    </main>
  );
}

interface RecordQuery {
  readonly data: unknown;
  readonly error: Error | null;
  readonly refetch: () => unknown;
}

interface DetailProps {
  /** What the page shows one of, such as "Invoice": its title until the record is there. */
  readonly what: string;
  /** The list that the record is in, which is the way back. */
  readonly list: { readonly text: string; readonly to: string };
  /** All that the page cannot be shown without. */
  readonly queries: readonly RecordQuery[];
  readonly fixed?: boolean;
  /** The page, once each of the queries has an answer. It stays while a later reading fails, with a note about it. */
  readonly children: React.ReactNode;
}

/** The page of one record. While it is read, and where it cannot be, it still has a title and the way back to its list. */
export function Detail({ what, list, queries, fixed = false, children }: DetailProps) {
  const failed = queries.find(({ error }) => error !== null);
  const retry = () => queries.filter(({ error }) => error !== null).forEach(({ refetch }) => void refetch());
  if (queries.every(({ data }) => data !== undefined)) {
    return (
      <Screen fixed={fixed}>
        {failed?.error && (
          <div className="stale" role="alert">
            <Note tone="bad" title={TEXTS.stale}>
              {failed.error.message}
            </Note>
            <ProblemCode error={failed.error} />
          </div>
        )}
        {children}
      </Screen>
    );
  }
  const crumbs = [list, { text: what }];
  if (!failed?.error) {
    return (
      <Screen>
        <div className="late-in">
          <PageHead title={what} crumbs={crumbs} />
        </div>
        <section className="card" aria-label={what}>
          <Skeleton />
        </section>
      </Screen>
    );
  }
  const status = failed.error instanceof Problem ? failed.error.status : 0;
  const isRefused = status === 404 || status === 403 || status === 400;
  const title = status === 404 || status === 400 ? TEXTS.missing : status === 403 ? TEXTS.refused : TEXTS.unread;
  return (
    <Screen>
      <PageHead title={title(what)} crumbs={crumbs} />
      <section className="card" aria-label={what}>
        <ErrorState error={failed.error} retry={isRefused ? undefined : retry}>
          <Link to={list.to} className="btn">
            <IconArrowLeft size={16} stroke={1.75} aria-hidden />
            {TEXTS.back(list.text)}
          </Link>
        </ErrorState>
      </section>
    </Screen>
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
