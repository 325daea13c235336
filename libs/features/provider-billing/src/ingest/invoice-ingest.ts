import { AccountBinding } from '#libs/accounts';
import { errorFields } from '#libs/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { InvoiceLedger, type ClaimedInvoice } from '../invoices/invoice-ledger';
import { UnreadableDocumentError } from '../provider-billing.errors';
import { ProviderInvoices } from '../provider/provider-invoices';
import { InvoiceReader } from '../queries/invoice-reader';
import { InvoiceLineWriter, type IngestReport } from './invoice-line-writer';

const purpose = 'billing';

/** Ingests one invoice. The document, the items and the summary are fetched first, so no database connection waits for the provider. */
@Injectable()
export class InvoiceIngest {
  private readonly log = new Logger('Billing');

  constructor(
    private readonly binding: AccountBinding,
    private readonly provider: ProviderInvoices,
    private readonly ledger: InvoiceLedger,
    private readonly lineWriter: InvoiceLineWriter,
    private readonly reader: InvoiceReader,
  ) {}

  /** False while invoices wait for the first listing of a kind. */
  async isReady(): Promise<boolean> {
    return (await this.reader.unlistedKinds()).awaited.length === 0;
  }

  /**
   * Safe to repeat and to run concurrently. Returns undefined when the invoice does not exist or a document requested later was ingested
   * first. Any error is recorded with the invoice and then thrown; the previous lines stay. `signal` aborts only while the provider is
   * read.
   */
  async run(invoiceId: string, signal?: AbortSignal): Promise<IngestReport | undefined> {
    const invoice = await this.ledger.claimInvoice(invoiceId);
    if (!invoice) return undefined;
    const started = performance.now();
    try {
      const { fingerprint } = await this.binding.check(purpose);
      const report = await this.ingest(invoice, fingerprint, signal);
      this.log.log({ event: 'invoice_ingested', ...logFields(invoice), ...report, ms: Math.round(performance.now() - started) });
      return report;
    } catch (error) {
      const { code, detail = 'an unexpected failure' } = errorFields(error);
      const line = error instanceof UnreadableDocumentError ? error.line : undefined;
      this.log.warn({ event: 'invoice_ingest_failed', ...logFields(invoice), ...errorFields(error), line });
      await this.ledger.recordFailure(invoice, { code, detail, line, at: new Date().toISOString() });
      throw error;
    }
  }

  private async ingest(invoice: ClaimedInvoice, fingerprint: string, signal?: AbortSignal): Promise<IngestReport | undefined> {
    const summary = await this.provider.summary(fingerprint, invoice.invoiceUuid);
    const items = await this.provider.items(fingerprint, invoice.invoiceUuid, signal);
    const { unlisted } = await this.reader.unlistedKinds();
    const document = await DocumentFile.create();
    try {
      await this.provider.downloadDocument(fingerprint, invoice.invoiceUuid, () => document.write(), signal);
      return await this.lineWriter.replaceLines(invoice, { document, hash: await document.sha256(), items, summary, unlisted });
    } finally {
      await document.remove();
    }
  }
}

function logFields({ id, invoiceUuid, period }: ClaimedInvoice) {
  return { invoice_id: id, invoice_uuid: invoiceUuid, period };
}

const PREFIX = 'arcadia-invoice-';
/** Folders of this process. In a container a restarted process often has the pid of the killed one, so the pid is not enough. */
const ownFolders = new Set<string>();

/**
 * A downloaded document in a temporary folder that only this user can read. `create` also removes the folders of killed processes on this
 * machine.
 */
export class DocumentFile {
  private constructor(private readonly folder: string) {}

  static async create(): Promise<DocumentFile> {
    await removeLeftovers();
    const name = `${PREFIX}${process.pid}-${randomUUID()}`;
    ownFolders.add(name); // before it exists: another ingest of this process removes folders that are not in the set
    const folder = join(tmpdir(), name);
    await mkdir(folder, { mode: 0o700 });
    return new DocumentFile(folder);
  }

  /** Truncates the file and writes from its beginning. */
  write(): Writable {
    return createWriteStream(this.path, { mode: 0o600 });
  }

  read(): Readable {
    return createReadStream(this.path);
  }

  async sha256(): Promise<string> {
    const hash = createHash('sha256');
    await pipeline(this.read(), hash);
    return hash.digest('hex');
  }

  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
    ownFolders.delete(basename(this.folder));
  }

  private get path(): string {
    return join(this.folder, 'invoice.csv');
  }
}

async function removeLeftovers(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = name.startsWith(PREFIX) ? Number.parseInt(name.slice(PREFIX.length), 10) : Number.NaN;
    if (pid > 0 && (pid === process.pid ? !ownFolders.has(name) : !isAlive(pid)))
      await rm(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'; // a process of another user
  }
}
