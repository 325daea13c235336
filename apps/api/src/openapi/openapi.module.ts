import { Module } from '@nestjs/common';
import { SagaModule } from '#libs/saga';
import { AuthModule } from '../auth/auth.module';
import { ApiDocument } from './api-document';
import { DocsController } from './docs.controller';
import { OpenApiController } from './openapi.controller';

@Module({ imports: [AuthModule, SagaModule], controllers: [OpenApiController, DocsController], providers: [ApiDocument] })
export class OpenApiModule {}
