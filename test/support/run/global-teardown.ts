import { runTeardown } from './teardown-list';

export default async function globalTeardown(): Promise<void> {
  await runTeardown();
}
