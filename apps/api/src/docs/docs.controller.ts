import { Controller, Get, Header, Inject, NotFoundException, Param, Redirect, StreamableFile } from '@nestjs/common';
import { CONFIG, type Config } from '#libs/config';
import { Public } from '../auth/access.decorator';
import { ApiExcludeController } from '../http/swagger.decorators';
import { DocsPages } from './docs-pages';
import { DOCS_STYLE } from './docs-template';

const HTML = 'text/html; charset=utf-8';
const TYPES: Readonly<Record<string, string>> = { jpg: 'image/jpeg', png: 'image/png', svg: 'image/svg+xml' };

/** The documentation as pages, while developing. The image for production has no `docs/`, and there the answer is 404. */
@ApiExcludeController()
@Public()
@Controller('docs')
export class DocsPagesController {
  constructor(
    private readonly pages: DocsPages,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  @Get()
  @Redirect('/docs/README', 302)
  first(): void {
    if (this.config.production) throw new NotFoundException();
  }

  @Get('style.css')
  @Header('content-type', 'text/css; charset=utf-8')
  style(): string {
    return DOCS_STYLE;
  }

  @Get('decisions/:page')
  @Header('content-type', HTML)
  decision(@Param('page') page: string): Promise<string> {
    return this.read(`decisions/${page}`);
  }

  @Get(':page')
  async page(@Param('page') page: string): Promise<string | StreamableFile> {
    const type = TYPES[page.split('.').at(-1) ?? ''];
    if (type === undefined) return this.read(page);
    const picture = this.config.production ? undefined : this.pages.picture(page);
    if (!picture) throw new NotFoundException();
    return new StreamableFile(picture, { type });
  }

  private async read(page: string): Promise<string> {
    const html = this.config.production ? undefined : await this.pages.html(page);
    if (html === undefined) throw new NotFoundException();
    return html;
  }
}
