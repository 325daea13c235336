import type * as Pdfmake from 'pdfmake';
import { FONT_FILES, fontFile } from './document-font';
import { documentLayout } from './document-layout';
import type { TenantProof } from './document-sealer';
import type { LogoPicture } from './logo-picture';

/** The name of the proof in the file. */
export const ATTACHED_PROOF = 'proof.json';

/** The picture that the document names. */
export type PrintedLogo = Pick<LogoPicture, 'mediaType' | 'bytes'>;

type PdfPrinter = Pick<typeof Pdfmake, 'createPdf' | 'setFonts' | 'setLocalAccessPolicy' | 'setUrlAccessPolicy'> & {
  readonly virtualfs: { writeFileSync(name: string, content: Buffer): void };
};

let printer: Promise<PdfPrinter> | undefined;

/**
 * Renders a document as PDF/A-3 with the proof of the tenant attached. Equal proofs give equal bytes on every machine: streams are not compressed,
 * because the result of a compression depends on the machine, and all dates are the day of issue. (The database compresses what it stores.) `logo`: the
 * picture of `issuer.logo_sha256`.
 */
export async function renderPdf(tenantProof: string, logo?: PrintedLogo): Promise<Buffer> {
  const proof = JSON.parse(tenantProof) as TenantProof;
  const { document, root } = proof;
  const issued = new Date(`${document.issued_on}T00:00:00Z`);
  const attached = { relationship: 'Data', creationDate: issued, modifiedDate: issued };
  const pdfmake = await (printer ??= loadPrinter());
  return pdfmake
    .createPdf({
      ...documentLayout(proof, logo && `data:${logo.mediaType};base64,${logo.bytes.toString('base64')}`),
      compress: false,
      version: '1.7',
      subset: 'PDF/A-3b',
      displayTitle: true,
      language: document.language,
      info: {
        title: plain(`${document.title} ${document.number}`),
        author: plain(document.issuer.name),
        keywords: root,
        creator: 'arcadia-cloud',
        producer: 'arcadia-cloud',
        creationDate: issued,
      },
      files: {
        [ATTACHED_PROOF]: {
          src: `data:application/json;base64,${Buffer.from(tenantProof).toString('base64')}`,
          description: 'Proof of the figures of this document',
          ...attached,
        },
      },
    })
    .getBuffer();
}

/** The package is loaded at the first document: most processes print none. It may read no file and no address. */
async function loadPrinter(): Promise<PdfPrinter> {
  const pdfmake = (await import('pdfmake')).default as unknown as PdfPrinter;
  for (const name of Object.values(FONT_FILES)) pdfmake.virtualfs.writeFileSync(name, fontFile(name));
  pdfmake.setFonts({ Roboto: { ...FONT_FILES } });
  pdfmake.setLocalAccessPolicy(() => false);
  pdfmake.setUrlAccessPolicy(() => false);
  return pdfmake;
}

/** The metadata are XML that the package does not escape. */
const plain = (text: string): string => text.replaceAll(/[<>&]/g, ' ');
