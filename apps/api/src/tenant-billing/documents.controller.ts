import { Controller, Get, Param, Query, StreamableFile } from '@nestjs/common';
import { IsIn, IsOptional } from 'class-validator';
import { scopeOf, type Principal } from '#libs/identity';
import { AdminsOnlyError } from '#libs/provisioning';
import { DocumentFiles, PDF, ProofKeys, type DocumentRef, type PrintedDocument } from '#libs/tenant-billing';
import { CurrentPrincipal, RequireTenantOrAdmin } from '../auth/access.decorator';
import type { DataOf } from '../http/http.dto';
import { ApiDataResponse, ApiFileResponse, ApiIdParam, ApiProblems } from '../http/response.decorators';
import { ApiEnum, ApiInput, ApiOperation, ApiText } from '../http/swagger.decorators';
import { UuidPipe } from '../http/validation.pipe';

const KINDS = ['invoice', 'void_notice'] as const;

class DocumentQuery {
  @ApiInput('Which document of the invoice; the void notice of a void invoice unless given', { example: 'invoice' })
  @IsOptional()
  @IsIn(KINDS)
  readonly kind?: (typeof KINDS)[number];
}

class IssuerQuery {
  @ApiInput('`true`: the proof of the issuer, with buy amounts; platform admins only', { example: 'true' })
  @IsOptional()
  @IsIn(['true', 'false'])
  readonly issuer?: 'true' | 'false';
}

class ProofQuery extends IssuerQuery {
  @ApiInput('Which document of the invoice; the void notice of a void invoice unless given', { example: 'invoice' })
  @IsOptional()
  @IsIn(KINDS)
  readonly kind?: (typeof KINDS)[number];
}

class ProofKeyResponse {
  @ApiEnum(['ed25519'], 'The kind of the key')
  readonly algorithm: 'ed25519';

  @ApiText('The raw key in hexadecimal digits, as the field `public_key` of a proof has it')
  readonly public_key: string;

  @ApiText('The key as a file for `npm run invoice:verify -- FILE.pdf --key FILE`')
  readonly pem: string;
}

/** The printed documents of invoices and their proofs. */
@RequireTenantOrAdmin()
@Controller('api/v1/tenant-invoices')
export class InvoiceDocumentsController {
  constructor(private readonly files: DocumentFiles) {}

  @Get(':id/document.pdf')
  @ApiOperation({
    summary: 'Get an invoice as PDF',
    description:
      'PDF/A-3 with the proof attached. 409 `document_pending` with `Retry-After` until a worker has printed it. It never changes.',
  })
  @ApiIdParam('invoice')
  @ApiFileResponse(PDF, 'PDF/A-3b with proof.json attached')
  @ApiProblems(404, 409)
  async pdf(
    @Param('id', UuidPipe) id: string,
    @Query() { kind }: DocumentQuery,
    @CurrentPrincipal() by: Principal,
  ): Promise<StreamableFile> {
    return pdfFile(await this.files.pdf(scopeOf(by), { invoiceId: id, ...(kind && { kind }) }));
  }

  @Get(':id/proof.json')
  @ApiOperation({
    summary: 'Get the proof of an invoice',
    description:
      'Every figure from quantity and price to the total, signed. Admins may ask for the proof of the issuer, which opens what lies behind.',
  })
  @ApiIdParam('invoice')
  @ApiFileResponse('application/json', 'Canonical JSON: any other byte makes it invalid')
  @ApiProblems(403, 404)
  async proof(
    @Param('id', UuidPipe) id: string,
    @Query() { kind, issuer }: ProofQuery,
    @CurrentPrincipal() by: Principal,
  ): Promise<StreamableFile> {
    return proofFile(this.files, by, { invoiceId: id, ...(kind && { kind }) }, issuer);
  }
}

@RequireTenantOrAdmin()
@Controller('api/v1/credit-notes')
export class CreditNoteDocumentsController {
  constructor(private readonly files: DocumentFiles) {}

  @Get(':id/document.pdf')
  @ApiOperation({
    summary: 'Get a credit note as PDF',
    description: 'As the PDF of an invoice. 409 `document_pending` until it is printed.',
  })
  @ApiIdParam('credit note')
  @ApiFileResponse(PDF, 'PDF/A-3b with proof.json attached')
  @ApiProblems(404, 409)
  async pdf(@Param('id', UuidPipe) id: string, @CurrentPrincipal() by: Principal): Promise<StreamableFile> {
    return pdfFile(await this.files.pdf(scopeOf(by), { creditNoteId: id }));
  }

  @Get(':id/proof.json')
  @ApiOperation({ summary: 'Get the proof of a credit note', description: 'As the proof of an invoice.' })
  @ApiIdParam('credit note')
  @ApiFileResponse('application/json', 'Canonical JSON: any other byte makes it invalid')
  @ApiProblems(403, 404)
  proof(@Param('id', UuidPipe) id: string, @Query() { issuer }: IssuerQuery, @CurrentPrincipal() by: Principal): Promise<StreamableFile> {
    return proofFile(this.files, by, { creditNoteId: id }, issuer);
  }
}

@RequireTenantOrAdmin()
@Controller('api/v1/proof-key')
export class ProofKeyController {
  constructor(private readonly keys: ProofKeys) {}

  @Get()
  @ApiOperation({
    summary: 'Get the key that signs proofs',
    description: 'The public key of today. Documents of before an exchange have the key of then.',
  })
  @ApiDataResponse(ProofKeyResponse)
  get(): DataOf<ProofKeyResponse> {
    const key = this.keys.current();
    return { data: { algorithm: 'ed25519', public_key: key.publicKey, pem: key.toPem() } };
  }
}

const pdfFile = ({ bytes, number, kind }: PrintedDocument): StreamableFile =>
  new StreamableFile(bytes, {
    type: PDF,
    disposition: `attachment; filename="${number.replaceAll(/[^\w.-]/g, '_')}${kind === 'void_notice' ? '-void' : ''}.pdf"`,
  });

/** Throws `AdminsOnlyError` to a tenant that asks for the proof of the issuer. */
async function proofFile(
  files: DocumentFiles,
  by: Principal,
  of: DocumentRef,
  issuer: 'true' | 'false' | undefined,
): Promise<StreamableFile> {
  if (issuer === 'true' && by.role === 'tenant') throw new AdminsOnlyError('issuer');
  const text = await (issuer === 'true' ? files.issuerProof(of) : files.proof(scopeOf(by), of));
  return new StreamableFile(Buffer.from(text), { type: 'application/json; charset=utf-8' });
}
