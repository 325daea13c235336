import { DomainError } from '#libs/kernel';

/** An action that does not come from a page of the board: another site may have caused it in the operator's browser. [TEN-7] */
export class CrossSiteRequestError extends DomainError {
  readonly code = 'cross_site_request';
  readonly category = 'forbidden';

  constructor() {
    super('Actions need a request of this origin; see Origin and Sec-Fetch-Site');
  }
}

/** Bull Board supports more actions than are safe for these queues: jobs are written and scheduled by this service only. */
export class BoardActionRefusedError extends DomainError {
  readonly code = 'board_action_refused';
  readonly category = 'forbidden';

  constructor() {
    super('The board can retry, promote, remove and pause; it cannot create jobs or change schedules');
  }
}
