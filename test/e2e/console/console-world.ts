import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { signGuardianToken } from '#libs/identity';
import type { FaultReport, State } from '../../../apps/simulator/src';
import type { FaultRule } from '../../support/simulator-client';
import { until } from '../../support/until';
import { freePorts, Launched, runNote } from '../start/launcher';

/** Debian's builds of Chromium. The one without a window needs a third less CPU for the same pages. */
const CHROMIUM = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium'].find(existsSync) ?? '';
/** As root in a container, without a graphics card, and without any request of the browser's own. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const hasBrowser = CHROMIUM !== '';
if (!hasBrowser && process.env.REQUIRE_BROWSER === '1') throw new Error('REQUIRE_BROWSER=1, but Chromium is not installed');
if (!hasBrowser) console.warn('\nSKIPPED: the console in a browser. Chromium is not installed: apt-get install chromium-headless-shell\n');

/** `describe`, and skipped with a message where there is no browser. */
export const describeInBrowser = hasBrowser ? describe : describe.skip;

/** Divides the lags of the simulator. */
const HASTE = 5;

const WINDOW = { viewport: { width: 1440, height: 900 }, colorScheme: 'light' } as const;

const AXE = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');

const AXE_OPTIONS = {
  light: { resultTypes: ['violations'] },
  dark: { resultTypes: ['violations'], runOnly: ['color-contrast'] },
};

/** In the page: resolves when no animation runs that has an end. */
const TRANSITIONS_END = `Promise.all(document.getAnimations()
  .filter(({ effect }) => effect.getComputedTiming().endTime !== Infinity)
  .map(({ finished }) => finished.catch(() => undefined))).then(() => undefined)`;

export type Caller = 'admin' | 'tenant' | 'second admin';

/** The running system, and a page of it whose faults are read when the test ends. */
export interface Stack {
  readonly world: () => ConsoleWorld;
  readonly open: ConsoleWorld['open'];
}

/** A page of a list of the API. */
export interface Listed {
  readonly data: readonly { readonly id: string; readonly name: string; readonly provider_id: string }[];
}

interface OpenOptions {
  /** `own`: a browser of its own, for a test that ends or changes the session. Without it the pages of a caller share theirs, and its files. */
  readonly session?: 'shared' | 'own';
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** The whole system as `npm start` runs it, with its demo account, and a browser. */
export class ConsoleWorld {
  private readonly sessions = new Map<Caller, Promise<BrowserContext>>();

  private constructor(
    private readonly system: Launched,
    private readonly dataDir: string,
    private readonly browser: Browser,
    private readonly site: Server,
    /** The main application, whose origin may offer sessions: a page with a form for the tenant's token. */
    readonly mainApplication: string,
    readonly api: string,
    readonly simulator: string,
    readonly tokens: Readonly<Record<Caller | 'simulator', string>>,
    /** What `npm start` prints first. */
    readonly link: string,
  ) {}

  static async start(): Promise<ConsoleWorld> {
    const dataDir = mkdtempSync(join(tmpdir(), 'arcadia-console-'));
    const site = createServer().listen(0, '127.0.0.1');
    await once(site, 'listening');
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    // No sweep waits a minute for its turn, and no saga waits five seconds for its next poll.
    const rates = { DO_RATE_PER_MINUTE: '5000', DO_RATE_PER_HOUR: '100000', SAGA_POLL_MS: '1000' };
    const system = Launched.run(['up'], { DATA_DIR: dataDir, CONSOLE_ORIGINS: origin, ...rates, ...(await freePorts()) });
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    const summary = await system.summary();
    const [first = ''] = system.stdout.split('\n');
    const { api, simulator, admin_token: admin, tenant_token: tenant, simulator_token: simulated } = runNote(dataDir);
    const secret = readFileSync(join(dataDir, 'jwt-secret'), 'utf8').trim();
    const second = signGuardianToken(secret, { sub: 'second-operator', roles: ['platform_admin'] });
    // Tests ask the provider far more often than people do. Its effects come sooner, so that a job is not mostly waiting.
    const account = `${simulator}/_simulator/account`;
    const { lags } = (await (await fetch(account)).json()) as State;
    const sooner = Object.fromEntries(Object.entries(lags).map(([name, ms]) => [name, Math.round(ms / HASTE)]));
    const body = JSON.stringify({ limits: { per_minute: 100_000, per_hour: 100_000 }, lags: sooner });
    const allowed = await fetch(account, { method: 'PUT', headers: { 'content-type': 'application/json' }, body });
    if (!allowed.ok) throw new Error(`the simulator answered ${allowed.status}: ${await allowed.text()}`);
    const form = `<!doctype html><form method="post" action="${api}/console/session"><input type="hidden" name="token" value="${tenant}"><button>Open the console</button></form>`;
    site.on('request', (_request, response) => response.setHeader('content-type', 'text/html').end(form));
    const world = new ConsoleWorld(
      system,
      dataDir,
      browser,
      site,
      origin,
      api,
      simulator,
      { admin, tenant, simulator: simulated, 'second admin': second },
      summary.console === undefined ? '' : first,
    );
    try {
      await until(() => world.hasOrder(), { withinMs: 120_000, what: 'the order of the demo that awaits approval' });
      return world;
    } catch (error) {
      await world.close();
      throw error;
    }
  }

  /** The demo is finished after its summary. Its last change before the invoices is this order. */
  private async hasOrder(): Promise<boolean> {
    const { data } = await this.call<{ data: unknown[] }>('admin', '/api/v1/sagas?status=awaiting_approval');
    return data.length > 0;
  }

  /** A page of the caller, signed in by the fragment of the address. */
  async open(who: Caller, path: string, { session = 'shared' }: OpenOptions = {}): Promise<WatchedPage> {
    const isOwn = session === 'own';
    const context = isOwn ? await this.browser.newContext(WINDOW) : await this.sharedSession(who);
    const watched = new WatchedPage(context, await context.newPage(), isOwn);
    await watched.page.goto(`${this.api}/console${path}${isOwn ? `#token=${this.tokens[who]}` : ''}`);
    await watched.page.getByRole('main').waitFor();
    return watched;
  }

  private sharedSession(who: Caller): Promise<BrowserContext> {
    const known = this.sessions.get(who);
    if (known) return known;
    const begun = this.browser.newContext(WINDOW).then(async (context) => {
      const page = await context.newPage();
      await page.goto(`${this.api}/console/kinds#token=${this.tokens[who]}`);
      await page.getByRole('main').waitFor();
      await page.close();
      return context;
    });
    this.sessions.set(who, begun);
    return begun;
  }

  async call<T>(who: Caller, path: string, init: { method?: string; body?: unknown } = {}): Promise<T> {
    const headers = { authorization: `Bearer ${this.tokens[who]}`, 'content-type': 'application/json' };
    const response = await fetch(`${this.api}${path}`, {
      method: init.method ?? 'GET',
      headers,
      body: JSON.stringify(init.body),
    });
    return (await response.json()) as T;
  }

  /** A call of the simulated provider itself, as its own panel would make it. */
  async atProvider<T>(path: string, init: { method?: string; body?: unknown } = {}): Promise<T> {
    const headers = { authorization: `Bearer ${this.tokens.simulator}`, 'content-type': 'application/json' };
    const response = await fetch(`${this.simulator}${path}`, {
      method: init.method ?? 'GET',
      headers,
      body: JSON.stringify(init.body),
    });
    const text = await response.text();
    return (text === '' ? {} : JSON.parse(text)) as T;
  }

  /** Replaces the faults of the simulated provider, and returns what it reports of each. */
  async faults(rules?: readonly FaultRule[]): Promise<readonly FaultReport[]> {
    const init = rules && { method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ rules }) };
    const response = await fetch(`${this.simulator}/_simulator/faults`, init);
    return ((await response.json()) as { rules: readonly FaultReport[] }).rules;
  }

  /** Kills the api as a crash would. `npm start` starts it again. */
  killApi(): void {
    process.kill(runNote(this.dataDir).pids.api ?? 0, 'SIGKILL');
  }

  /** Resolves when the api, started again, is ready. A page may show what it wanted to see before the kill was noticed. */
  async apiIsBack(): Promise<void> {
    const isReady = () =>
      fetch(`${this.api}/api/health/ready`).then(
        ({ ok }) => ok,
        () => false,
      );
    await until(isReady, { what: 'the api that was started again' });
  }

  async close(): Promise<void> {
    await this.browser.close();
    this.site.close();
    this.system.child.kill('SIGTERM');
    await this.system.ended;
    rmSync(this.dataDir, { recursive: true, force: true });
  }
}

/** Addresses of one screen have the same. */
const screenOf = (address: string): string => address.replace(/\?.*$/, '').replace(/\/[0-9a-f-]{36}/, '/:id');

/** A page that records what no page may do: errors of the console, reports of the policy, failed requests, requests to other hosts. */
export class WatchedPage {
  readonly faults: string[] = [];

  constructor(
    private readonly context: BrowserContext,
    readonly page: Page,
    private readonly ownsContext: boolean,
  ) {
    page.on('console', (message) => message.type() === 'error' && this.faults.push(`console: ${message.text()}`));
    page.on('pageerror', (error) => this.faults.push(`page: ${error.message}`));
    page.on('response', (response) => response.status() >= 400 && this.faults.push(`${response.status()} ${response.url()}`));
    page.on('request', (request) => {
      if (!/^(https?:\/\/127\.0\.0\.1|data:|blob:)/.test(request.url())) this.faults.push(`foreign: ${request.url()}`);
    });
  }

  /**
   * Goes to an address of the console as a link does: without a load, which costs a second. Resolves when its screen is in the page. Where one
   * screen shows both addresses, its old content may still be there.
   */
  async go(path: string): Promise<void> {
    const before = await this.page.evaluate<string>('location.pathname + location.search');
    const main = await this.page.locator('main').elementHandle();
    await this.page.evaluate(`history.pushState({}, '', '/console${path}')`);
    const isOther = screenOf(before) !== screenOf(`/console${path}`);
    if (isOther) await until(async () => !(await main?.evaluate((element) => element.isConnected)), { what: `the screen of ${path}` });
  }

  /** Resolves when nothing on the page is still being read. */
  async settled(): Promise<void> {
    await this.page.locator('[aria-busy]').first().waitFor({ state: 'detached' });
  }

  /**
   * The findings of axe-core as they are read in a failed test. Only the contrast of colours differs in the dark scheme. The attribute is
   * set here too, because Chromium reports a changed media query with the next frame, which a page at rest may not draw.
   */
  async axe(scheme: 'light' | 'dark'): Promise<string[]> {
    await this.page.emulateMedia({ colorScheme: scheme });
    await this.page.evaluate(`document.documentElement.dataset.scheme = '${scheme}'`);
    await this.page.evaluate(TRANSITIONS_END);
    if (await this.page.evaluate(`typeof axe === 'undefined'`)) await this.page.evaluate(AXE); // once for each page
    const { violations } = await this.page.evaluate<AxeResult>(`axe.run(document, ${JSON.stringify(AXE_OPTIONS[scheme])})`);
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary = '' }) => `${id}: ${html.slice(0, 160)} ${failureSummary}`),
    );
  }

  /** The findings in both schemes, each with the name of what is on the page. */
  async axeInBothSchemes(name: string): Promise<string[]> {
    const found: string[] = [];
    for (const scheme of ['light', 'dark'] as const) {
      found.push(...(await this.axe(scheme)).map((finding) => `${name} ${scheme}: ${finding}`));
    }
    return found;
  }

  async close(): Promise<void> {
    await this.page.unrouteAll({ behavior: 'ignoreErrors' }); // an answer that a test changes may still be on its way
    await (this.ownsContext ? this.context : this.page).close();
  }
}
