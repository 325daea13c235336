import { Inject, Injectable, type INestApplication } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { SagaRegistry } from '#libs/saga';
import { AccessDeclarations } from '../auth/access-declarations';
import { Problem } from '../http/problem';
import { loadSwagger } from '../http/swagger.decorators';
import { describeSagaInputs, sagaStartSchemas } from '../sagas/saga-inputs';
import { BEARER, completeOperations, simplifySchemas } from './document-rules';

/**
 * The OpenAPI 3.1 document, which `@nestjs/swagger` reads from controllers and DTOs. It is built at the first request, so a
 * start does not pay for it.
 */
@Injectable()
export class ApiDocument {
  private app: INestApplication | undefined;
  private built: string | undefined;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly access: AccessDeclarations,
    private readonly sagas: SagaRegistry,
  ) {}

  /** Sets the application that the document describes. */
  bind(app: INestApplication): void {
    this.app = app;
  }

  text(): string {
    this.built ??= JSON.stringify(this.build());
    return this.built;
  }

  private build() {
    if (!this.app) throw new Error('the document has no application');
    const inputs = describeSagaInputs(this.sagas);
    const { DocumentBuilder, getSchemaPath, SwaggerModule } = loadSwagger();
    const config = new DocumentBuilder()
      .setOpenAPIVersion('3.1.0')
      .setTitle('arcadia-cloud')
      .setVersion(this.config.version)
      .setDescription(
        'Inventory, owners, changes and costs of the resources in a DigitalOcean account. JSON, snake_case, times RFC 3339 in UTC.',
      )
      .addServer('/')
      .addBearerAuth(
        { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: 'Guardian access token of the main application' },
        BEARER,
      )
      .build();
    const document = SwaggerModule.createDocument(this.app, config, {
      autoTagControllers: false,
      operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
      extraModels: [Problem, ...inputs.values()],
    });
    Object.assign(document.components?.schemas ?? {}, sagaStartSchemas(document, inputs, getSchemaPath));
    const access = new Map(this.access.list().map((declared) => [declared.route, declared.access ?? 'public'] as const));
    completeOperations(document, access, this.config.http.pageLimitMax);
    return simplifySchemas(document);
  }
}
