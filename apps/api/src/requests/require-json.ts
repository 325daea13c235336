import { UnsupportedMediaTypeException } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';

/** Express middleware: a body that is not JSON is refused (415). Without it body-parser leaves the body unread and the handler sees none. */
export function requireJson(request: Request, _response: Response, next: NextFunction): void {
  // `is` answers null when there is no body at all, and a body of length 0 says nothing.
  const wrong = request.headers['content-length'] !== '0' && request.is('application/json') === false;
  next(wrong ? new UnsupportedMediaTypeException() : undefined);
}
