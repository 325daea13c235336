import { Body, Controller, Get, Param, Put, StreamableFile } from '@nestjs/common';
import { IsInt, Matches, MaxLength, Min } from 'class-validator';
import type { AuditContext } from '#libs/audit';
import { BillingProfiles, IssuerLogos, LOGO_TYPES, MOST_LOGO_BYTES } from '#libs/tenant-billing';
import { RequirePlatformAdmin } from '../auth/access.decorator';
import { ReasonBody, type DataOf } from '../http/http.dto';
import { OrNull } from '../http/input.decorators';
import { AuditCtx } from '../http/request-context';
import { ApiDataResponse, ApiProblems } from '../http/response.decorators';
import { ApiInput, ApiOperation, ApiParam, ApiResponse } from '../http/swagger.decorators';
import { TenantIdPipe } from '../http/validation.pipe';
import { IssuerResponse } from './profiles-answers.dto';

const ApiIssuerParam = () =>
  ApiParam({ name: 'id', description: 'Id of the issuer', schema: { type: 'string', minLength: 1, maxLength: 200 } });

/** The length of the largest file in base64. */
const MOST_CHARACTERS = Math.ceil(MOST_LOGO_BYTES / 3) * 4;

class IssuerLogoBody extends ReasonBody {
  @ApiInput('The `version` that the change is based on', { example: 1 })
  @IsInt()
  @Min(0)
  readonly expected_version: number;

  @ApiInput('A PNG or JPEG in base64, at most 64 KiB; null: documents have no logo any more')
  @OrNull()
  @MaxLength(MOST_CHARACTERS, { message: `$property must have at most ${MOST_LOGO_BYTES / 1024} KiB` })
  @Matches(/^[A-Za-z0-9+/]+={0,2}$/, { message: '$property must be a file in base64' })
  readonly image: string | null;
}

/** The picture that documents print above the name of the issuer. */
@RequirePlatformAdmin()
@Controller('api/v1/billing/issuers')
export class IssuerLogosController {
  constructor(
    private readonly logos: IssuerLogos,
    private readonly profiles: BillingProfiles,
  ) {}

  @Get(':id/logo')
  @ApiOperation({ summary: 'Get the logo of an issuer', description: 'The picture. 404 `logo_not_found` for an issuer without one.' })
  @ApiIssuerParam()
  @ApiResponse(() => ({
    status: 200,
    description: 'OK',
    content: Object.fromEntries(LOGO_TYPES.map((type) => [type, { schema: { type: 'string', format: 'binary' } }])),
  }))
  @ApiProblems(404)
  async get(@Param('id', TenantIdPipe) id: string): Promise<StreamableFile> {
    const { bytes, mediaType } = await this.logos.get(id);
    return new StreamableFile(bytes, { type: mediaType });
  }

  @Put(':id/logo')
  @ApiOperation({
    summary: 'Set the logo of an issuer',
    description:
      'At most 2,000 pixels a side and 250,000 together. Transparent parts become white. Drafts get it with their next refresh; what is approved or issued ' +
      'keeps its own. 409 `version_moved` when the issuer changed since `expected_version`.',
  })
  @ApiIssuerParam()
  @ApiDataResponse(IssuerResponse)
  @ApiProblems(404, 409)
  async set(
    @Param('id', TenantIdPipe) id: string,
    @Body() { image, expected_version }: IssuerLogoBody,
    @AuditCtx() context: AuditContext,
  ): Promise<DataOf<IssuerResponse>> {
    if (image === null) await this.logos.remove(id, expected_version, context);
    else await this.logos.set(id, Buffer.from(image, 'base64'), expected_version, context);
    return { data: await this.profiles.issuer(id) };
  }
}
