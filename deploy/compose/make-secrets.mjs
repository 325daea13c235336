/**
 * Makes the secrets of docker-compose.yml that are missing, in deploy/compose/secrets (or the folder that is named), and touches none that is
 * there. The folder is closed to others; the files in it are readable, because Compose mounts them with the owner and mode that they have here
 * and the containers run as accounts of their own.
 */
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = path.resolve(process.argv[2] ?? path.join(path.dirname(fileURLToPath(import.meta.url)), 'secrets'));
fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
fs.chmodSync(folder, 0o700);

const random = (bytes) => randomBytes(bytes).toString('base64url');

/** Answers the secret, whether it was there or not. */
function ensure(name, make) {
  const file = path.join(folder, name);
  if (!fs.existsSync(file)) {
    fs.writeFileSync(file, make(), { mode: 0o444, flag: 'wx' });
    process.stdout.write(`made ${name}\n`);
  }
  return fs.readFileSync(file, 'utf8').trim();
}

ensure('postgres_password', () => random(32));
const owner = ensure('database_owner_password', () => random(32));
const app = ensure('database_app_password', () => random(32));
ensure('database_owner_url', () => `postgres://arcadia_owner:${owner}@postgres:5432/arcadia`);
ensure('database_url', () => `postgres://arcadia_app:${app}@postgres:5432/arcadia`);
const queue = ensure('valkey_conf', () => `requirepass ${random(32)}\n`).replace(/^requirepass /, '');
ensure('redis_url', () => `redis://:${queue}@valkey:6379`);
ensure('jwt_secret', () => random(64));
ensure('secrets_key', () => randomBytes(32).toString('base64'));
ensure('proof_key', () => randomBytes(32).toString('base64'));

process.stdout.write('jwt_secret must be the one the issuer of user tokens signs with: put its own text there.\n');
if (!fs.existsSync(path.join(folder, 'provider_token'))) {
  process.stdout.write(`The token of DigitalOcean belongs in ${path.join(folder, 'provider_token')}; the simulator needs none.\n`);
}
