/** Patterns of secrets. This is the last safeguard: secrets are functions and errors are typed, so no secret should get here. [TEN-8] */
const SECRETS: readonly [RegExp, string][] = [
  [/\bdo[opr]_v1_[A-Za-z0-9]+/g, '[token]'],
  [/\bhv[sbr]\.[\w-]{8,}/g, '[token]'],
  [/\bbearer\s+[\w.~+/=-]{16,}/gi, 'Bearer [token]'],
  [/\beyJ[\w-]*\.[\w-]+\.[\w-]*/g, '[jwt]'],
  [/(\w+:\/\/)[^\s/@"]*@/g, '$1[login]@'],
];

/** Text without tokens of provider and Vault, bearer tokens, JWTs and logins in URLs. */
export function redact(text: string): string {
  return SECRETS.reduce((clean, [pattern, placeholder]) => clean.replace(pattern, placeholder), text);
}
