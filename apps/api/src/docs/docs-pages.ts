import { Injectable } from '@nestjs/common';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pageHtml, type Heading } from './docs-template';

/** The pages in the order in which somebody reads them. Pages that are not named here follow by their names. */
const ORDER = [
  'first-hour',
  'demo',
  'first-day',
  'operating-a-day',
  'a-month-by-hand',
  'tenant',
  'tokens',
  'tenant-billing',
  'webhooks',
  'cli',
  'api',
  'operations',
  'architecture',
  'guarantees',
  'glossary',
];

/** Pages beside `docs/`. */
const OUTSIDE = ['README', 'CONTRIBUTING', 'CHANGELOG', 'SECURITY'];

/** A page of `docs/`: its name in the address, its file and its title. */
export interface DocsPage {
  readonly name: string;
  readonly title: string;
}

type Token = import('markdown-it').Token;

/** The Markdown files of `docs/` as pages. They are read at each request, because this is for development, where they change. */
@Injectable()
export class DocsPages {
  private readonly repository = repository(__dirname);
  private readonly folder = join(this.repository, 'docs');

  list(): readonly DocsPage[] {
    const names = readdirSync(this.folder).flatMap((file) => /^([\w-]+)\.md$/.exec(file)?.[1] ?? []);
    const place = (name: string) => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length);
    const sorted = names.sort((a, b) => place(a) - place(b) || a.localeCompare(b));
    return ['README', ...sorted, 'CONTRIBUTING', 'decisions/README'].map((name) => ({ name, title: this.titleOf(name) }));
  }

  /** The page as HTML, or undefined when there is none of this name. */
  async html(name: string): Promise<string | undefined> {
    const text = this.textOf(name);
    if (text === undefined) return undefined;
    const { default: MarkdownIt } = await import('markdown-it');
    const markdown = new MarkdownIt({ html: false, linkify: false });
    const tokens = markdown.parse(text, {});
    const headings = withAnchors(tokens);
    for (const { children } of tokens) pointIntoPages(children ?? [], name);
    const content = markdown.renderer.render(tokens, markdown.options, {});
    return pageHtml({ name, title: this.titleOf(name), content, headings, pages: this.list() });
  }

  /** A picture that the pages show, by the name of its file. */
  picture(file: string): Buffer | undefined {
    const path = join(this.folder, file);
    return /^[\w-]+\.(jpg|png|svg)$/.test(file) && existsSync(path) ? readFileSync(path) : undefined;
  }

  private titleOf(name: string): string {
    if (name === 'README') return 'Start here';
    return /^# (.+)$/m.exec(this.textOf(name) ?? '')?.[1]?.replaceAll('`', '') ?? name;
  }

  private textOf(name: string): string | undefined {
    const file = join(OUTSIDE.includes(name) ? this.repository : this.folder, `${name}.md`);
    return /^(decisions\/)?[\w-]+$/.test(name) && existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }
}

/** Gives each heading the anchor that links between the files use, and returns those of the second level. */
function withAnchors(tokens: readonly Token[]): Heading[] {
  const used = new Map<string, number>();
  return tokens.flatMap((token, at) => {
    if (token.type !== 'heading_open') return [];
    const title = tokens[at + 1]?.content.replaceAll('`', '') ?? '';
    const slug = title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-');
    const count = used.get(slug) ?? 0;
    used.set(slug, count + 1);
    const anchor = count === 0 ? slug : `${slug}-${count}`;
    token.attrSet('id', anchor);
    return token.tag === 'h2' ? [{ anchor, title }] : [];
  });
}

/** A link to `api.md#tokens` leads to the page of that file. A link to another file of the repository becomes text, with its path as title. */
function pointIntoPages(tokens: readonly Token[], from: string): void {
  let isText = false;
  for (const token of tokens) {
    const target = String(token.attrGet('href') ?? token.attrGet('src') ?? '#');
    const { pathname, hash } = new URL(target, `http://docs/${OUTSIDE.includes(from) ? '' : 'docs/'}${from}.md`);
    const page = /^\/(README|CONTRIBUTING|CHANGELOG|SECURITY|docs\/[\w-]+|docs\/decisions\/[\w-]+)\.md$/.exec(pathname)?.[1];
    if (token.type === 'image') token.attrSet('src', pathname);
    if (token.type === 'link_close') {
      if (isText) token.tag = 'span';
      isText = false;
    }
    if (token.type !== 'link_open' || /^(https?:|mailto:|#)/.test(target)) continue;
    isText = page === undefined;
    if (page !== undefined) {
      token.attrSet('href', `/docs/${page.replace(/^docs\//, '')}${hash}`);
      continue;
    }
    token.tag = 'span';
    token.attrs = [['title', `in the repository: ${pathname.slice(1)}`]];
  }
}

/** The folder of the nearest package.json: sources and build lie at different depths. */
function repository(from: string): string {
  return existsSync(join(from, 'package.json')) ? from : repository(dirname(from));
}
