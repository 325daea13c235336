import type { DocsPage } from './docs-pages';

/** A heading that the table of contents lists. */
export interface Heading {
  readonly anchor: string;
  readonly title: string;
}

interface Page {
  readonly name: string;
  readonly title: string;
  /** HTML that was made from Markdown without HTML in it. */
  readonly content: string;
  readonly headings: readonly Heading[];
  readonly pages: readonly DocsPage[];
}

/** The one template of all pages. It has no script, and its style is a file, so helmet's default policy allows it. */
export function pageHtml({ name, title, content, headings, pages }: Page): string {
  const links = pages.map((page) => {
    const current = page.name === name;
    const inside = current && headings.length > 0 ? `<ul>${headings.map(headingItem).join('')}</ul>` : '';
    return `<li><a href="/docs/${page.name}"${current ? ' aria-current="page"' : ''}>${escaped(page.title)}</a>${inside}</li>`;
  });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · arcadia-cloud</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<nav aria-label="Pages"><p><a href="/docs">arcadia-cloud</a></p><ul>${links.join('')}</ul><p><a href="/console">Console</a> · <a href="/api/docs">Try the API</a></p></nav>
<main>${content}</main>
</body>
</html>
`;
}

const headingItem = ({ anchor, title }: Heading) => `<li><a href="#${escaped(anchor)}">${escaped(title)}</a></li>`;

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Follows the colour scheme of the system. Wide tables and code scroll by themselves, so the page never does sideways. */
export const DOCS_STYLE = `:root {
  color-scheme: light dark;
  --paper: #ffffff; --ink: #1b2430; --quiet: #566372; --line: #dfe4ea; --field: #f5f7f9; --link: #0b5cad;
}
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181e; --ink: #e4e9ef; --quiet: #9aa7b5; --line: #2c3540; --field: #1c222a; --link: #7db7f0; }
}
* { box-sizing: border-box; }
body { margin: 0; display: grid; grid-template-columns: 260px minmax(0, 1fr); background: var(--paper); color: var(--ink); font: 16px/1.6 system-ui, sans-serif; }
nav { position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 24px 20px; border-right: 1px solid var(--line); font-size: 14px; }
nav p:first-child { margin-top: 0; font-weight: 650; }
nav ul { list-style: none; margin: 0; padding: 0; }
nav ul ul { margin: 4px 0 8px 12px; font-size: 13px; }
nav li { margin: 4px 0; }
nav a { color: var(--quiet); text-decoration: none; }
nav a:hover, nav [aria-current] { color: var(--ink); }
nav [aria-current] { font-weight: 650; }
main { padding: 32px 40px 96px; max-width: 940px; }
h1, h2, h3 { line-height: 1.25; margin: 1.6em 0 0.5em; scroll-margin-top: 16px; }
h1 { margin-top: 0; font-size: 30px; }
h2 { font-size: 22px; padding-top: 12px; border-top: 1px solid var(--line); }
h3 { font-size: 17px; }
main a { color: var(--link); }
code, pre { font: 13.5px/1.55 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
code { background: var(--field); border-radius: 4px; padding: 1px 4px; overflow-wrap: anywhere; }
pre { background: var(--field); border: 1px solid var(--line); border-radius: 8px; padding: 12px 16px; overflow-x: auto; }
pre code { background: none; padding: 0; overflow-wrap: normal; }
table { display: block; overflow-x: auto; border-collapse: collapse; margin: 16px 0; }
th, td { text-align: left; vertical-align: top; padding: 6px 12px 6px 0; border-bottom: 1px solid var(--line); }
th { font-weight: 650; white-space: nowrap; }
img { max-width: 100%; border: 1px solid var(--line); border-radius: 8px; }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
@media (max-width: 800px) {
  body { display: flex; flex-direction: column; }
  main { order: -1; }
  nav { position: static; height: auto; border-right: 0; border-top: 1px solid var(--line); }
  nav ul ul { display: none; }
  main { padding: 24px 20px 64px; }
}
`;
