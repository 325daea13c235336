import type { Command } from 'commander';
import { usageError } from '../session/failure';
import type { CommandBook, Session } from '../session/session';
import { CHAPTERS, cleanUp, type Stage } from './chapters';
import { Story, type RunCommand } from './story';

const NAMES = CHAPTERS.map(({ name }) => name).join(', ');

export function addDemoCommand(book: CommandBook, program: Command, run: RunCommand): void {
  book.add(
    program,
    {
      usage: 'demo [chapters...]',
      summary: `a guided tour of the running npm start: ${NAMES}`,
      examples: ['demo', 'demo --yes', 'demo half-list'],
    },
    (session) => play(session, run, program),
  );
}

/** Plays the chapters that the arguments name, or all of them, and destroys what was ordered, also when a chapter fails. */
async function play(session: Session, run: RunCommand, program: Command): Promise<void> {
  const asked = program.args.slice(1);
  const unknown = asked.find((name) => !CHAPTERS.some((chapter) => chapter.name === name));
  if (unknown !== undefined) throw usageError(`There is no chapter ${unknown}: ${NAMES}`);
  const chapters = CHAPTERS.filter(
    ({ name }) => asked.length === 0 || asked.includes(name) || (name === 'crash' && asked.includes('drift')),
  );
  const story = Story.open(session, run);
  const stage: Stage = {};
  const startedAt = story.now();
  try {
    for (const [at, chapter] of chapters.entries()) {
      if (at > 0) await story.next();
      await chapter.play(story, stage);
    }
  } catch (error) {
    await cleanUp(story, stage).catch(() => undefined); // the first error explains more
    throw error;
  }
  await cleanUp(story, stage);
  await story.chapter(
    'That was it',
    `${chapters.length} chapters in ${Math.round((story.now() - startedAt) / 1000)} s, each claim checked. What next:`,
    `  the console     ${story.system.api}/console   (sign-in link: npm start printed it)`,
    '  the first day   docs/first-day.md',
    '  the commands    arcadia help',
  );
}
