import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newWebhookSecret, signatureOf } from '../../../libs/features/notifications/src/webhooks/webhook-message';
import { hasProgram } from '../../support/needed-program';

/** How each sample of docs/webhooks.md is called; `message.json` has the secret, the headers and the body. */
const SAMPLES = [
  {
    language: 'python',
    program: 'python3',
    file: 'verify.py',
    call: `import json
message = json.load(open("message.json"))
print(str(is_verified(message["secret"], message["headers"], message["body"].encode())).lower())`,
    install: 'apt-get install python3',
    requiredBy: '',
  },
  {
    language: 'elixir',
    program: 'elixir',
    file: 'verify.exs',
    call: `message = "message.json" |> File.read!() |> :jiffy.decode([:return_maps])
IO.puts(ArcadiaWebhook.verified?(message["secret"], message["headers"], message["body"]))`,
    install: 'apt-get install elixir erlang-jiffy',
    requiredBy: 'REQUIRE_ELIXIR',
  },
].filter(({ language, program, install, requiredBy }) =>
  hasProgram({ command: [program, '--version'], neededFor: `the sample of webhooks.md for ${language}`, install, requiredBy }),
);

const page = readFileSync(join(__dirname, '../../../docs/webhooks.md'), 'utf8');
let folder: string;
beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'webhook-samples-'))));
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(SAMPLES)('the sample of webhooks.md for $language', ({ language, program, file, call }) => {
  const [secret, older] = [newWebhookSecret(), newWebhookSecret()];
  const body = '{"type":"saga.failed","data":{"name":"Zażółć"}}';
  const nowS = Math.floor(Date.now() / 1_000);

  /** The result of the sample for a message that was signed at this time, with these secrets. */
  function verdict(signedBody: string, timestampS = nowS, secrets = [secret]): string {
    const headers = {
      'webhook-id': 'msg-1',
      'webhook-timestamp': String(timestampS),
      'webhook-signature': signatureOf(secrets, 'msg-1', timestampS, signedBody),
    };
    writeFileSync(join(folder, 'message.json'), JSON.stringify({ secret, headers, body }));
    return execFileSync(program, [file], { cwd: folder, encoding: 'utf8' }).trim();
  }

  beforeAll(() => {
    const sample = new RegExp(`\`\`\`${language}\\n(.+?)\`\`\``, 's').exec(page)?.[1] ?? '';
    writeFileSync(join(folder, file), `${sample}\n${call}\n`);
  });

  it('accepts what was signed with its secret, alone or beside another one', () => {
    expect([verdict(body), verdict(body, nowS, [older, secret])]).toEqual(['true', 'true']);
  });

  it('refuses another body, another secret and a message of six minutes ago', () => {
    expect([verdict(`${body} `), verdict(body, nowS, [older]), verdict(body, nowS - 360)]).toEqual(['false', 'false', 'false']);
  });
});
