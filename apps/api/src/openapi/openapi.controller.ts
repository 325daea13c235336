import { Controller, Get, Header, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
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

/** The page of the API document. It has no inline script and loads nothing from another host, so helmet's default policy allows it. */
const DOCS_PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>arcadia-cloud API</title>
<link rel="stylesheet" href="/api/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/api/docs/favicon-32x32.png">
</head>
<body>
<div id="api"></div>
<script src="/api/docs/swagger-ui-bundle.js"></script>
<script src="/api/docs/start.js"></script>
</body>
</html>
`;

/** Loads this document only (no `?url=` in the address) and shows no validator badge: nothing is fetched from another host. */
const DOCS_SCRIPT = `SwaggerUIBundle({
  url: '/api/openapi.json',
  dom_id: '#api',
  deepLinking: true,
  displayRequestDuration: true,
  validatorUrl: null,
  queryConfigEnabled: false,
});
`;

/** The only files of the viewer that are served, with their types. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** The API document as a page to read and try. */
@ApiExcludeController()
@Public()
@Controller('api/docs')
export class DocsController {
  @Get()
  @Header('content-type', 'text/html; charset=utf-8')
  page(): string {
    return DOCS_PAGE;
  }

  @Get('start.js')
  @Header('content-type', 'text/javascript; charset=utf-8')
  script(): string {
    return DOCS_SCRIPT;
  }

  @Get(':file')
  file(@Param('file') file: string): StreamableFile {
    const type = Object.hasOwn(FILES, file) ? FILES[file] : undefined;
    if (!type) throw new NotFoundException();
    const folder = dirname(require.resolve('swagger-ui-dist/package.json'));
    return new StreamableFile(createReadStream(join(folder, file)), { type });
  }
}
