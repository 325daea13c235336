import type { NestExpressApplication } from '@nestjs/platform-express';
import request from 'supertest';

/** Resolves when the api is ready because it has found its schema. */
export async function readyForRequests(app: NestExpressApplication, headers: Record<string, string>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const { status } = await request(app.getHttpServer()).get('/api/v1/audit').set(headers);
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the api did not become ready');
}
