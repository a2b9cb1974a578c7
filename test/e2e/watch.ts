import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import type { Watched } from './api-client.ts';

const firstAnswerMs = 30_000;

/**
 * Runs a client of the API that reads and writes during `during` (api-client.ts), starting with its first response.
 * Returns the client's observations; throws if there is no first response within 30 s.
 */
export function watchApi(lab: Lab, kubeconfig: string, during: () => Promise<void>): Promise<Watched> {
  return watchWith<Watched>(lab, new URL('./api-client.ts', import.meta.url), [kubeconfig], during);
}

/**
 * Runs a client inside the lab's bridge namespace during `during`: it prints one line with its first answer, and one
 * of JSON when its standard input ends, which is returned. Throws without a first line within 30 s.
 */
export async function watchWith<T>(
  lab: Lab,
  script: URL,
  argv: readonly string[],
  during: () => Promise<void>,
): Promise<T> {
  // Before the hosts of the lab: it is to measure them, and not how busy this machine is.
  const program = ['nice', '-n', '-10', process.execPath];
  const [file = '', ...args] = lab.inside([...program, '--import', 'tsx', script.pathname, ...argv]);
  const client = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exit = once(client, 'exit');
  const lines = createInterface({ input: client.stdout })[Symbol.asyncIterator]();
  try {
    const first = await Promise.race([lines.next(), setTimeout(firstAnswerMs, undefined, { ref: false })]);
    if (first === undefined) throw new Error(`no first answer within ${firstAnswerMs / 1000} s`);
    if (first.done === true) throw new Error('the client ended before its first answer');
    await during();
    client.stdin.end();
    const told = await lines.next();
    if (told.done === true) throw new Error('the client ended without a word');
    return JSON.parse(told.value) as T;
  } finally {
    client.kill();
    await exit;
  }
}
