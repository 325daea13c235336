import { domainError } from '#libs/kernel';

/** An action that does not come from a page of the board: another site may have caused it in the operator's browser. [TEN-7] */
export class CrossSiteRequestError extends domainError(
  'cross_site_request',
  'forbidden',
  'Actions need a request of this origin; see Origin and Sec-Fetch-Site',
) {}

/** Bull Board supports more actions than are safe for these queues: jobs are written and scheduled by this service only. */
export class BoardActionRefusedError extends domainError(
  'board_action_refused',
  'forbidden',
  'The board can retry, promote, remove and pause; it cannot create jobs or change schedules',
) {}
