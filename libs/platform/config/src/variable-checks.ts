import { InvalidVariableError } from './config.errors';

/** Turns the text of one variable into its value. Throws InvalidVariableError with "must be …". */
export type Check<T> = (text: string) => T;

export const anyText: Check<string> = (text) => text;

/** A part of a key: letters, digits, `-` and `_`. */
export const word: Check<string> = (text) => {
  if (!/^[\w-]{1,64}$/.test(text)) throw new InvalidVariableError('must be letters, digits, - and _ only, at most 64');
  return text;
};

export function oneOf<const T extends string>(...allowed: readonly T[]): Check<T> {
  return (text) => {
    const found = allowed.find((value) => value === text);
    if (found === undefined) throw new InvalidVariableError(`must be one of ${allowed.join(', ')}`);
    return found;
  };
}

export function wholeNumber(min: number, max: number = Number.MAX_SAFE_INTEGER): Check<number> {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new InvalidVariableError(
        max === Number.MAX_SAFE_INTEGER ? `must be a whole number, at least ${min}` : `must be a whole number from ${min} to ${max}`,
      );
    }
    return value;
  };
}

/** A timer of Node cannot wait longer than 2^31 - 1 ms (24 days): a longer one fires at once. */
export const timerMs = (min: number): Check<number> => wholeNumber(min, 2_147_483_647);

export const port: Check<number> = wholeNumber(0, 65_535);

export const ratio: Check<number> = (text) => {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value > 1) throw new InvalidVariableError('must be a number from 0 to 1, such as 0.2');
  return value;
};

export const scale: Check<number> = (text) => {
  const value = Number(text);
  if (!/^\d+(\.\d+)?$/.test(text) || value <= 0 || value > 10_000)
    throw new InvalidVariableError('must be a number above 0, at most 10000');
  return value;
};

export const onOff: Check<boolean> = (text) => oneOf('on', 'off')(text) === 'on';

export const zeroOne: Check<boolean> = (text) => oneOf('1', '0')(text) === '1';

function parsedUrl(text: string, protocols: readonly string[], example: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !protocols.includes(url.protocol)) throw new InvalidVariableError(`must be a URL like ${example}`);
  return url;
}

/** An http(s) base address without credentials, query or fragment; a trailing slash is dropped so that paths can be appended. */
export const httpUrl: Check<string> = (text) => {
  const url = parsedUrl(text, ['http:', 'https:'], 'https://api.example.com');
  if (url.username || url.password || url.search || url.hash) throw new InvalidVariableError('must have no credentials, query or fragment');
  return url.href.replace(/\/+$/, '');
};

export const postgresUrl: Check<string> = (text) => {
  parsedUrl(text, ['postgres:', 'postgresql:'], 'postgresql://user:password@host:5432/database');
  return text;
};

export const redisUrl: Check<string> = (text) => {
  parsedUrl(text, ['redis:', 'rediss:'], 'redis://user:password@host:6379');
  return text;
};

/** A token travels in an HTTP header: visible ASCII only. */
export const headerToken: Check<string> = (text) => {
  if (!/^[\x21-\x7e]+$/.test(text)) throw new InvalidVariableError('must be one word of visible ASCII characters');
  return text;
};

/** Headers as OpenTelemetry writes them: `name=value,name=value`, values percent-encoded. */
export const headerList: Check<string> = (text) => {
  for (const pair of text.split(',')) {
    const [, value = ''] = /^\s*[\w-]+\s*=(.+)$/s.exec(pair) ?? [];
    if (value.trim() === '' || !isPercentEncoded(value)) throw new InvalidVariableError('must be name=value,… with percent-encoded values');
  }
  return text;
};

function isPercentEncoded(text: string): boolean {
  try {
    return /^[\t\x20-\x7e]+$/.test(decodeURIComponent(text));
  } catch {
    return false;
  }
}

/** A relative path such as `team/arcadia`: no segment of dots only, no character that a URL would have to escape. */
export const pathBelow: Check<string> = (text) => {
  if (!/^\w[\w.-]*(\/\w[\w.-]*)*$/.test(text))
    throw new InvalidVariableError('must be a path like team/arcadia: letters, digits, -, _ and . only');
  return text;
};

/** A comma list of relative paths. */
export const pathsBelow: Check<readonly string[]> = (text) => {
  const paths = words(text).map(pathBelow);
  if (paths.length === 0) throw new InvalidVariableError('must name a path at least');
  return paths;
};

const words = (text: string): string[] => [...new Set(text.split(',').map((word) => word.trim()))].filter((word) => word !== '');

/** Exact origins, as browsers send them. `*` is refused, because the API returns the data of tenants. */
export const origins: Check<readonly string[]> = (text) =>
  words(text).map((word) => {
    if (!URL.canParse(word) || new URL(word).origin !== word || !word.startsWith('http')) {
      throw new InvalidVariableError('must be a comma list of origins like https://app.example.com, without paths and without *');
    }
    return word;
  });

export function allOrSome<const T extends string>(known: readonly T[]): Check<readonly T[] | 'all'> {
  return (text) => {
    if (text === 'all') return 'all';
    const named = words(text).map((word) => known.find((name) => name === word));
    const found = named.filter((name) => name !== undefined);
    if (found.length === 0 || found.length < named.length)
      throw new InvalidVariableError(`must be all or a comma list of ${known.join(', ')}`);
    return found;
  };
}

/** HS512 has a 512 bit key (RFC 7518, 3.2). */
const JWT_SECRET_MIN_BYTES = 64;
/** Text that documentation and templates contain in place of the secret. */
const TEMPLATE =
  /change[-_ ]?me|replace[-_ ]?(me|this)|your[-_ ]|placeholder|jwt[-_ ]?secret|super[-_ ]?secret|example[-_ ]?secret|development/i;

/** What production accepts as the shared secret. [TEN-9] */
export const productionJwtSecret: Check<string> = (text) => {
  if (Buffer.byteLength(text, 'utf8') < JWT_SECRET_MIN_BYTES) {
    throw new InvalidVariableError(`must have at least ${JWT_SECRET_MIN_BYTES} bytes in production`);
  }
  if (TEMPLATE.test(text) || new Set(text).size < 8) {
    throw new InvalidVariableError('must be random in production, not a default or a template');
  }
  return text;
};
