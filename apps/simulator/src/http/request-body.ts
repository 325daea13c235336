import { badRequest } from './provider-refusal';
import type { ProviderRequest } from './route';

/** The JSON object that was sent; anything else is the provider's 400. */
export function objectBody(request: ProviderRequest): Record<string, unknown> {
  const { body } = request;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) throw badRequest();
  return body as Record<string, unknown>;
}

/** A path parameter that must be a positive integer; undefined otherwise, which the endpoints answer with 404. */
export function integerParam(request: ProviderRequest, name: string): number | undefined {
  const text = request.params[name] ?? '';
  return /^[1-9]\d{0,15}$/.test(text) ? Number(text) : undefined;
}
