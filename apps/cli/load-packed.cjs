/**
 * Loads a packed file with the machine code that the build has kept beside it, which halves the CPU of a start (docs/decisions/0029).
 * `bundle.mjs` copies this file beside the packed ones. It uses only Node's own modules.
 */
'use strict';
const { createHash } = require('node:crypto');
const { existsSync, readFileSync, writeFileSync } = require('node:fs');
const Module = require('node:module');
const { dirname } = require('node:path');
const { constants, Script } = require('node:vm');

const DIGEST_BYTES = 32;
const codeFile = (file) => `${file}.code`;
const digestOf = (source) => createHash('sha256').update(source).digest();

/** The kept code, if it was made from exactly this source. V8 itself compares its version and options, but only the length of the source. */
function keptCode(file, source) {
  if (!existsSync(codeFile(file))) return undefined;
  const kept = readFileSync(codeFile(file));
  return kept.subarray(0, DIGEST_BYTES).equals(digestOf(source)) ? kept.subarray(DIGEST_BYTES) : undefined;
}

function run(file) {
  const source = readFileSync(file, 'utf8');
  const script = new Script(Module.wrap(source), {
    filename: file,
    cachedData: keptCode(file, source),
    importModuleDynamically: constants.USE_MAIN_CONTEXT_DEFAULT_LOADER,
  });
  const module = { exports: {} };
  script.runInThisContext()(module.exports, Module.createRequire(file), module, file, dirname(file));
  return { exported: module.exports, script, source };
}

/** Returns what the packed file exports. */
exports.load = (file) => run(file).exported;

/** Loads the packed file and keeps the code that this took. Later starts with the same version of Node use it, all others compile as usual. */
exports.keep = (file) => {
  const { script, source } = run(file);
  writeFileSync(codeFile(file), Buffer.concat([digestOf(source), script.createCachedData()]));
};
