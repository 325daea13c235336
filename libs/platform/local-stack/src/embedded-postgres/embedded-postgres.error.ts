/**
 * The embedded server cannot be used. The message is one sentence that names the file or folder and what to do.
 * Shaped like a DomainError, but free of #libs: jest's global setup runs these files before libraries can be resolved.
 */
export class EmbeddedPostgresError extends Error {
  readonly category = 'unavailable';

  constructor(
    readonly code: 'embedded_postgres_unsupported' | 'embedded_postgres_data_unusable' | 'embedded_postgres_start_failed',
    message: string,
  ) {
    super(message);
    this.name = 'EmbeddedPostgresError';
  }
}
