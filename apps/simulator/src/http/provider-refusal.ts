/** Status and `id` of the provider's errors: what clients should decide by. */
export const REFUSALS = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  unprocessable_entity: 422,
  too_many_requests: 429,
  server_error: 500,
  service_unavailable: 503,
} as const;

export type RefusalId = keyof typeof REFUSALS;

/** A request that the provider answers with an error body `{id, message, request_id}`. */
export class ProviderRefusal extends Error {
  readonly status: number;

  constructor(
    readonly id: RefusalId,
    message: string,
    /** Replaces the usual body, for the endpoints that have another form. */
    readonly body?: Record<string, unknown>,
  ) {
    super(message);
    this.status = REFUSALS[id];
  }
}

export const notFound = (): ProviderRefusal => new ProviderRefusal('not_found', 'The resource you were accessing could not be found.');

export const pendingEvent = (): ProviderRefusal => new ProviderRefusal('unprocessable_entity', 'Droplet already has a pending event.');

export const unprocessable = (message: string): ProviderRefusal => new ProviderRefusal('unprocessable_entity', message);

export const badRequest = (message = 'error parsing request body'): ProviderRefusal => new ProviderRefusal('bad_request', message);
