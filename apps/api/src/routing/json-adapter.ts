import { StreamableFile } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import type { Response } from 'express';

/** An answer that is JSON already. */
export class JsonText {
  constructor(readonly text: string) {}
}

/**
 * Express, but for how an object is answered: at once, as text of known length. `response.json` would copy it into a buffer and ask for ETags,
 * freshness and types, which this api has none of. Everything else goes the usual way.
 */
export class JsonAdapter extends ExpressAdapter {
  override reply(response: Response, body: unknown, statusCode?: number): unknown {
    const isJson = typeof body === 'object' && body !== null && !(body instanceof StreamableFile) && !response.hasHeader('content-type');
    if (!isJson) return super.reply(response, body, statusCode);
    if (statusCode !== undefined) response.statusCode = statusCode;
    const text = body instanceof JsonText ? body.text : JSON.stringify(body);
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.setHeader('content-length', Buffer.byteLength(text));
    return response.end(text); // of which HEAD gets the headers only
  }
}
