import { Injectable, Logger } from '@nestjs/common';
import { Router, urlencoded, type NextFunction, type Request, type RequestHandler, type Response } from 'express';
import { AuditLog } from '#libs/audit';
import { Database } from '#libs/database';
import type { Principal } from '#libs/identity';
import { DomainError, ValidationFailedError } from '#libs/kernel';
import { QueueClients } from '#libs/queues';
import { BoardActionRefusedError, CrossSiteRequestError } from '../auth/auth.errors';
import { isSameOrigin } from '../auth/same-origin';
import { STATUS_OF_CATEGORY } from '../http/problem';
import { requestIdOf } from '../http/request-context';
import { findUnstorableInput } from '../http/validation.pipe';
import { BOARD_POLICY, BoardSessions, PAGE_POLICY, signInPage, signOutPage } from './board-session';
import type * as Board from './bull-board';

/** The allowed actions by the board's own addresses, each with its name in the audit log. */
export const BOARD_ACTIONS: Readonly<Record<string, string>> = {
  '/api/queues/pause': 'queues_paused',
  '/api/queues/resume': 'queues_resumed',
  '/api/queues/:queue/pause': 'queue_paused',
  '/api/queues/:queue/resume': 'queue_resumed',
  '/api/queues/:queue/empty': 'queue_emptied',
  '/api/queues/:queue/promote': 'queue_promoted',
  '/api/queues/:queue/retry/:status': 'queue_retried',
  '/api/queues/:queue/clean/:status': 'queue_cleaned',
  '/api/queues/:queue/job-schedulers/:schedule/run': 'schedule_run',
  '/api/queues/:queue/:job/retry': 'job_retried',
  '/api/queues/:queue/:job/promote': 'job_promoted',
  '/api/queues/:queue/:job/clean': 'job_removed',
};

/**
 * Records an action before the board performs it. The queues share no transaction with the audit log, so an entry may exist for
 * an action that then failed, but no action happens without an entry. Every other action is refused. [OPS-9]
 */
@Injectable()
export class BoardActions {
  readonly router: Router;

  constructor(
    private readonly audit: AuditLog,
    private readonly database: Database,
  ) {
    this.router = Router();
    for (const [path, action] of Object.entries(BOARD_ACTIONS)) {
      this.router.put(path, async (request, response, next) => {
        await this.record(action, request, response);
        next('router');
      });
    }
    this.router.use((_request, _response, next) => next(new BoardActionRefusedError()));
  }

  private async record(action: string, request: Request, response: Response): Promise<void> {
    const { queue, ...details } = request.params;
    await this.audit.record(this.database, {
      by: response.locals.principal as Principal,
      action,
      target: { type: 'queue', id: typeof queue === 'string' ? queue : 'all' },
      details,
      requestId: requestIdOf(request),
    });
  }
}

const SAFE_METHODS = new Set(['GET', 'HEAD']);
/** Queue names, job ids and schedule keys are far shorter. Each may become part of the audit log. [OPS-10] */
const MAX_PATH_LENGTH = 500;

/** Pages that the board does not have under these addresses. Its start page leads to the schedules. */
const GUESSED_PAGES = ['/schedulers', '/schedules', '/jobs', '/queues'];

/**
 * The queue board and its access rules: every path and method needs a platform admin, every action a page of this origin. A
 * browser signs in with a token, which becomes its cookie; the Authorization header works too. [TEN-7]
 */
@Injectable()
export class QueueBoard {
  readonly router = Router();
  private readonly log = new Logger('Board');
  private board: RequestHandler | undefined;

  constructor(
    private readonly sessions: BoardSessions,
    private readonly clients: QueueClients,
    actions: BoardActions,
  ) {
    this.router.use(setPolicy);
    this.router.post('/sign-in', requireSameOrigin, urlencoded({ extended: false, limit: '16kb' }), this.signIn);
    this.router.use(this.admit);
    this.router.use(requireSameOrigin);
    this.router.use(refuseUnstorableAddress);
    this.router.get('/sign-out', this.sendSignOutPage);
    this.router.post('/sign-out', this.signOut);
    this.router.use((request, response, next) => (SAFE_METHODS.has(request.method) ? next() : actions.router(request, response, next)));
    this.router.use('/api', this.requireQueues);
    this.router.get(GUESSED_PAGES, (request, response) => response.redirect(303, `${request.baseUrl}/`));
    this.router.use(this.forwardToBoard);
  }

  private readonly signIn: RequestHandler = (request: Request<unknown, unknown, { token?: unknown } | undefined>, response) => {
    const token = request.body?.token;
    try {
      const { principal } = this.sessions.begin(typeof token === 'string' ? token.trim() : '', response);
      this.log.log({ event: 'board_signed_in', actor: principal.sub });
      response.redirect(303, `${request.baseUrl}/`);
    } catch (error) {
      sendSignInPage(error, response);
    }
  };

  /** Without a session, pages get the sign-in form and all other requests a problem. */
  private readonly admit: RequestHandler = (request, response, next) => {
    try {
      response.locals.principal = this.sessions.find(request).principal;
    } catch (error) {
      if (request.headers.cookie) this.sessions.end(response);
      if (!isPage(request)) throw error;
      sendSignInPage(error, response, hasCredentials(request));
      return;
    }
    next();
  };

  private readonly sendSignOutPage: RequestHandler = (request, response) => {
    const { principal, expiresAtMs } = this.sessions.find(request);
    response.setHeader('content-security-policy', PAGE_POLICY);
    response.type('html').send(signOutPage(principal.sub, expiresAtMs));
  };

  private readonly signOut: RequestHandler = (request, response) => {
    this.sessions.end(response);
    response.redirect(303, `${request.baseUrl}/`);
  };

  /** Throws `QueueUnavailableError` within 2 s; the board itself would wait for its drivers. */
  private readonly requireQueues: RequestHandler = async (_request, _response, next) => {
    await this.clients.ping();
    next();
  };

  private readonly forwardToBoard: RequestHandler = (request, response, next) => {
    this.board ??= (require('./bull-board') as typeof Board).bullBoard(this.clients);
    return this.board(request, response, next);
  };
}

/** The referrer policy is `same-origin`, because browsers otherwise send `Origin: null` with a form. */
function setPolicy(_request: Request, response: Response, next: NextFunction): void {
  response.setHeader('content-security-policy', BOARD_POLICY);
  response.setHeader('referrer-policy', 'same-origin');
  next();
}

function requireSameOrigin({ method, headers }: Request, _response: Response, next: NextFunction): void {
  const secFetchSite = headers['sec-fetch-site'];
  const passes =
    SAFE_METHODS.has(method) ||
    isSameOrigin({
      secFetchSite: Array.isArray(secFetchSite) ? secFetchSite[0] : secFetchSite,
      origin: headers.origin,
      host: headers.host,
    });
  next(passes ? undefined : new CrossSiteRequestError());
}

/** Refuses an address that queues and audit log cannot store. The router refuses what cannot be decoded. [TEN-5] */
function refuseUnstorableAddress({ path, query }: Request, _response: Response, next: NextFunction): void {
  if (path.length > MAX_PATH_LENGTH)
    throw new ValidationFailedError([{ field: 'path', message: `must be at most ${MAX_PATH_LENGTH} characters` }]);
  const unstorable = findUnstorableInput({ path: decoded(path), query });
  next(unstorable && new ValidationFailedError([unstorable]));
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return '';
  }
}

/** True for a page that a person opens, false for the board's own requests and files. */
function isPage(request: Request): boolean {
  return SAFE_METHODS.has(request.method) && !/^\/(api|static)\//.test(request.path) && request.accepts(['json', 'html']) === 'html';
}

/** A person who opens the page for the first time has given nothing that could be refused. */
const hasCredentials = ({ headers }: Request): boolean => headers.cookie !== undefined || headers.authorization !== undefined;

function sendSignInPage(error: unknown, response: Response, withProblem = true): void {
  if (!(error instanceof DomainError)) throw error;
  response.setHeader('content-security-policy', PAGE_POLICY);
  response
    .status(STATUS_OF_CATEGORY[error.category])
    .type('html')
    .send(signInPage(withProblem ? error.message : undefined));
}
