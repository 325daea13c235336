import Module from 'node:module';

/**
 * Import this file before zod. Zod loads its messages in 50 languages with its first use, which is more than half of its load time. Every
 * schema here has messages of its own, so an empty module replaces the languages. English, zod's default, is loaded separately.
 */
const locales = require.resolve('zod/v4/locales');
require.cache[locales] ??= Object.assign(new Module(locales), { filename: locales, loaded: true });
