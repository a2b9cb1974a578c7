import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A fleet that runs in a process of its own. */
export interface ServedFleet {
  readonly inventory: string;
  /** A command of test/fleet/main.ts, and its answer. */
  send(command: string): Promise<string>;
  /** CPU seconds that it has used. */
  cpuSeconds(): Promise<number>;
  stop(): void;
}

/** Serves a running cluster of `count` hosts (test/fleet), with its inventory and state folder in `folder`. */
export async function serveFleet(count: number, folder: string): Promise<ServedFleet> {
  const main = join(import.meta.dirname, '../fleet/main.ts');
  const inventory = join(folder, 'inventory.yaml');
  const child = spawn(process.execPath, ['--import', 'tsx', main, String(count), inventory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<string> => {
    const next = await lines.next();
    if (next.done === true) throw new Error('the fleet has ended');
    return next.value;
  };
  const send = (command: string): Promise<string> => {
    child.stdin.write(`${command}\n`);
    return answer();
  };
  await answer();
  await send('installed');
  return {
    inventory,
    send,
    cpuSeconds: async () => Number(await send('usage')),
    stop: () => {
      child.stdin.end();
    },
  };
}
