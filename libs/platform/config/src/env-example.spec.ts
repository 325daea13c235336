import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VARIABLES } from './variables';

/** `# NAME=default # reader: meaning`: a line is valid once it is uncommented. */
function exampleLine([name, variable]: [string, (typeof VARIABLES)[keyof typeof VARIABLES]]): string {
  return `# ${name}=${variable.default} # ${variable.readBy}: ${variable.about}`;
}

describe('.env.example', () => {
  it('lists every variable with its default, reader and meaning, one line each, and no other name', () => {
    const text = readFileSync(join(__dirname, '../../../../.env.example'), 'utf8');
    const lines = text.split('\n').filter((line) => /^#? ?\w+=/.test(line));
    expect(lines).toEqual(Object.entries(VARIABLES).map(exampleLine));
  });
});
