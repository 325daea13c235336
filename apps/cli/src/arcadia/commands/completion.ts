import type { Command } from 'commander';
import { usageError } from '../session/failure';
import type { CommandBook } from '../session/session';

const SCRIPTS: Readonly<Record<string, string>> = {
  bash: `_arcadia() { COMPREPLY=($(arcadia complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)); }
complete -o default -F _arcadia arcadia
`,
  zsh: `#compdef arcadia
_arcadia() { compadd -- \${(f)"$(arcadia complete -- "\${words[@]:1:CURRENT-1}" 2>/dev/null)"}; }
compdef _arcadia arcadia
`,
  fish: `complete -c arcadia -f -a '(arcadia complete -- (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
`,
};

export function addCompletion(book: CommandBook, program: Command): void {
  book.add(
    program,
    {
      usage: 'completion <shell>',
      summary: `print the completion script of ${Object.keys(SCRIPTS).join(', ')}`,
      examples: ['completion bash > ~/.local/share/bash-completion/completions/arcadia', 'completion fish | source'],
    },
    async (session, shell = '') => {
      const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
      if (script === undefined) throw usageError(`Completion knows ${Object.keys(SCRIPTS).join(', ')}, not ${shell}`);
      await session.terminal.out(script);
    },
  );
  const complete = program.command('complete [words...]', { hidden: true }).allowUnknownOption();
  complete.action((words: string[]) => {
    const found = completions(program, words);
    program.configureOutput().writeOut?.(found.map((word) => `${word}\n`).join(''));
  });
}

/** What can follow: commands, and options when the last word begins with a dash. */
function completions(program: Command, words: readonly string[]): string[] {
  const started = words.at(-1) ?? '';
  let command = program;
  for (const word of words.slice(0, -1)) command = command.commands.find((child) => child.name() === word) ?? command;
  const options = [...new Set([command, program])].flatMap(({ options: own }) => own.map(({ long }) => long ?? ''));
  const names = program
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name());
  const candidates = started.startsWith('-') ? options : names;
  return candidates.filter((word) => word.startsWith(started) && word !== '');
}
