import { Controller, Get, Header, Inject } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { Public } from '../access/access';
import { Routes, type Route } from '../routing/routes';
import { apiDocument } from './api-document';

/** The document of everything that states what it answers; made at the first request, so that it costs nothing at start. */
@Public()
@Controller('api/openapi.json')
export class OpenApiController {
  private text: string | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly routes: Routes,
  ) {}

  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  document(): string {
    const { version, http } = this.config;
    this.text ??= JSON.stringify(apiDocument(this.routes.all().filter(isDescribed), { version, pageLimitMax: http.pageLimitMax }));
    return this.text;
  }
}

function isDescribed({ description }: Route): boolean {
  return description !== undefined;
}
