import { Controller, Get, Header, NotFoundException, Param, StreamableFile } from '@nestjs/common';
import { createReadStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { Public } from '../access/access';
import { DOCS_PAGE, DOCS_SCRIPT } from './docs-page';

/** The only files of the viewer that are served, with their types. */
const FILES: Readonly<Record<string, string>> = {
  'swagger-ui.css': 'text/css; charset=utf-8',
  'swagger-ui-bundle.js': 'text/javascript; charset=utf-8',
  'favicon-32x32.png': 'image/png',
};

/** The API document as a page to read and try. */
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
