import { Link, useLocation } from '@tanstack/react-router';

interface SubNavProps {
  readonly label: string;
  readonly places: readonly { readonly to: string; readonly text: string }[];
}

/** Screens that belong together, as links beside the title. */
export function SubNav({ label, places }: SubNavProps) {
  const { pathname } = useLocation();
  return (
    <nav className="seg" aria-label={label}>
      {places.map(({ to, text }) => (
        <Link key={to} to={to} className={pathname === to ? 'on' : ''} aria-current={pathname === to ? 'page' : undefined}>
          {text}
        </Link>
      ))}
    </nav>
  );
}
