import { DomainError } from '#libs/kernel';

/** An action on the board that does not come from the board's own pages: a browser may have been lured into it (TEN-7). */
export class CrossSiteRequestError extends DomainError {
  readonly code = 'cross_site_request';
  readonly category = 'forbidden';

  constructor() {
    super('Actions need a request of this origin; see Origin and Sec-Fetch-Site');
  }
}

/** The board can do more than is good for these queues: what a job says and when it is laid out is decided elsewhere. */
export class BoardActionRefusedError extends DomainError {
  readonly code = 'board_action_refused';
  readonly category = 'forbidden';

  constructor() {
    super('The board retries, promotes, removes and pauses; it neither writes jobs nor changes schedules');
  }
}
