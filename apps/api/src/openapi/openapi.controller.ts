import { Controller, Get, Header } from '@nestjs/common';
import { Public } from '../auth/access.decorator';
import { ApiExcludeController } from '../http/swagger.decorators';
import { ApiDocument } from './api-document';

@ApiExcludeController()
@Public()
@Controller('api/openapi.json')
export class OpenApiController {
  constructor(private readonly apiDocument: ApiDocument) {}

  @Get()
  @Header('content-type', 'application/json; charset=utf-8')
  document(): string {
    return this.apiDocument.text();
  }
}
