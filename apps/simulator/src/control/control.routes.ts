import express, { type NextFunction, type Request, type Response, Router } from 'express';
import type { SeedOptions } from '../demo/demo-state';
import { issueInvoices } from '../demo/invoices/demo-invoices';
import type { FaultEngine } from '../faults/fault-engine';
import { parseRules } from '../faults/rule';
import { ControlError } from '../http/route';
import type { Ledger } from '../http/ledger';
import type { State } from '../world/state';
import type { MailServer } from '../mail/mail-server';
import type { World } from '../world/world';
import { applyAccountDocument, asFields } from './account-document';

const LOOPBACK = new Set(['127.0.0.1', '::1', '::ffff:127.0.0.1']);
const MAX_BODY = '500mb';

/** The parts of a running simulator that the control API reads and changes. */
interface ControlledSimulation {
  readonly world: World;
  readonly faults: FaultEngine;
  readonly ledger: Ledger;
  readonly mail: MailServer;
  reset: (change: Partial<SeedOptions>) => void;
}

/** The control API for tests, under `/_simulator`: without a token, for loopback only. */
export function controlRoutes(simulation: ControlledSimulation): Router {
  const router = Router();
  const { world, faults, ledger } = simulation;
  router.use((req, res, next) => {
    if (LOOPBACK.has(req.socket.remoteAddress ?? '')) next();
    else res.status(403).json({ error: 'The control API answers on this machine only' });
  });
  router.use(express.json({ limit: MAX_BODY, type: () => true }));

  router.post('/reset', (req, res) => {
    simulation.reset(readReset(req.body));
    res.json({ reset: true });
  });
  router.get('/account', (_, res) => {
    world.settle();
    issueInvoices(world);
    world.commit();
    res.json(world.state());
  });
  router.put('/account', (req, res) => {
    world.settle();
    if ('invoices' in asFields(req.body, 'the document') || 'billing_history' in req.body) issueInvoices(world); // later they would be added to the given ones
    const current = world.state();
    const next = applyAccountDocument(current, req.body, world.nowMs);
    world.replace(next, current);
    res.json(Object.fromEntries(Object.keys(asFields(req.body, 'the document')).map((name) => [name, next[name as keyof State]])));
  });
  router.get('/faults', (_, res) => void res.json({ rules: faults.report() }));
  router.put('/faults', (req, res) => {
    faults.replace(parseRules(req.body));
    res.json({ rules: faults.report() });
  });
  router.get('/ledger', (req, res) => void res.json(ledger.report(typeof req.query.since === 'string' ? req.query.since : undefined)));
  router.delete('/ledger', (_, res) => {
    ledger.clear();
    res.status(204).end();
  });
  router.get('/mails', (_, res) => void res.json(simulation.mail.mails));
  router.get('/clock', (_, res) => void res.json(clockOf(simulation)));
  router.post('/clock', (req, res) => {
    advance(simulation, asFields(req.body, 'the body').advance_ms);
    res.json(clockOf(simulation));
  });
  router.use(
    (_, res) =>
      void res.status(404).json({ error: 'Control paths: reset, account, faults, ledger, mails, clock (see the README of the simulator)' }),
  );
  router.use(answerControlError);
  return router;
}

function readReset(body: unknown): Partial<SeedOptions> {
  const { seed, scale, tenants, empty, ...unknown } = asFields(body ?? {}, 'the body');
  if (Object.keys(unknown).length > 0)
    throw new ControlError(`reset takes seed, scale, tenants and empty, not ${Object.keys(unknown).join(', ')}`);
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw new ControlError('seed must be an integer');
  if (scale !== undefined && !(typeof scale === 'number' && scale > 0)) throw new ControlError('scale must be a number above 0');
  if (empty !== undefined && typeof empty !== 'boolean') throw new ControlError('empty must be true or false');
  if (tenants !== undefined && !(Number.isInteger(tenants) && Number(tenants) >= 1))
    throw new ControlError('tenants must be an integer from 1 on');
  return { seed: seed as number | undefined, scale, tenants: tenants as number | undefined, empty };
}

function advance({ world }: ControlledSimulation, advanceMs: unknown): void {
  if (typeof advanceMs !== 'number' || !(advanceMs >= 0))
    throw new ControlError('advance_ms must be a number from 0 on: time does not run backwards');
  world.set('clock', { offset_ms: world.value('clock').offset_ms + advanceMs });
  world.settle();
  world.commit();
}

function clockOf({ world }: ControlledSimulation): { now: string; now_ms: number; offset_ms: number } {
  return { now: new Date(world.nowMs).toISOString(), now_ms: world.nowMs, ...world.value('clock') };
}

function answerControlError(error: unknown, _req: Request, res: Response, next: NextFunction): void {
  if (res.headersSent) return next(error);
  if (error instanceof ControlError) res.status(400).json({ error: error.message });
  else res.status(error instanceof SyntaxError ? 400 : 500).json({ error: error instanceof Error ? error.message : String(error) });
}
