import { ensureImage } from './image.ts';

/** vitest's global setup: the image of the hosts is made once, before test files that run side by side need it. */
export async function setup(): Promise<void> {
  await ensureImage((line) => {
    process.stdout.write(`${line}\n`);
  });
}
