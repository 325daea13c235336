/**
 * The embedded server cannot be used. The message is one sentence that names the file or folder and what to do.
 * The class has the shape of a DomainError but imports no #libs, because jest's global setup loads it before libraries can be resolved.
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
