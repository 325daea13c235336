import { Injectable } from '@nestjs/common';
import { Router, type Request, type Response } from 'express';
import { AuditLog } from '#libs/audit';
import { Database } from '#libs/database';
import type { Principal } from '#libs/identity';
import { requestIdOf } from '../http/request-context';
import { BoardActionRefusedError } from '../auth/auth.errors';

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
