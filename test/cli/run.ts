import { vi } from 'vitest';
import yargs, { type CommandModule } from 'yargs';
import { adopt } from '../../src/cli/adopt.ts';
import { bundle } from '../../src/cli/bundle.ts';
import { certs } from '../../src/cli/certs.ts';
import { etcd } from '../../src/cli/etcd.ts';
import { explain } from '../../src/cli/explain.ts';
import { init } from '../../src/cli/init.ts';
import { kubeconfig } from '../../src/cli/kubeconfig.ts';
import { lock } from '../../src/cli/lock.ts';
import { drift, plan } from '../../src/cli/plan.ts';
import { render } from '../../src/cli/render.ts';
import { reset } from '../../src/cli/reset.ts';
import { schema } from '../../src/cli/schema.ts';
import { state } from '../../src/cli/state.ts';
import { status } from '../../src/cli/status.ts';
import { support } from '../../src/cli/support.ts';
import { unlock } from '../../src/cli/unlock.ts';
import { up } from '../../src/cli/up.ts';
import { validate } from '../../src/cli/validate.ts';
import { verify } from '../../src/cli/verify.ts';
import { version } from '../../src/cli/version.ts';
import { asksForEvents, checkEvents } from '../events.ts';

/** Every command, as main.ts registers them. */
export const commands = [
  ...[init, validate, render, plan, drift, up, status, certs, verify, kubeconfig, reset, unlock],
  ...[adopt, bundle, lock, etcd, state, support, explain, schema, version],
] as CommandModule[];

export interface Ended {
  readonly out: string;
  readonly err: string;
  readonly exit: number;
  readonly error: unknown;
}

/** Captures the output of `action`, and its result or error. Throws for an event that is not in src/view/event-schema.ts. */
export async function captured<T>(action: () => Promise<T>): Promise<{
  readonly out: string;
  readonly err: string;
  readonly value: T | undefined;
  readonly error: unknown;
}> {
  let [out, err] = ['', ''];
  let value: T | undefined;
  let error: unknown;
  const keep =
    (into: (text: string) => void) =>
    (chunk: unknown): boolean => {
      into(String(chunk));
      return true;
    };
  const stdout = vi.spyOn(process.stdout, 'write').mockImplementation(keep((text) => (out += text)));
  const stderr = vi.spyOn(process.stderr, 'write').mockImplementation(keep((text) => (err += text)));
  try {
    value = await action();
  } catch (cause) {
    error = cause;
  }
  stdout.mockRestore();
  stderr.mockRestore();
  checkEvents(out.split('\n').filter((line) => line.startsWith('{"type":')));
  return { out, err, value, error };
}

/** Runs a command in this process, as main.ts would, and captures its output. With `-o json` that must be events only. */
export async function kboot(...argv: string[]): Promise<Ended> {
  const before = process.exitCode;
  process.exitCode = 0;
  const { out, err, error } = await captured(() =>
    yargs(argv)
      .command(commands as never[])
      .strict()
      .exitProcess(false)
      .fail((message, cause) => {
        throw cause instanceof Error ? cause : new Error(message);
      })
      .parseAsync(),
  );
  const exit = process.exitCode;
  process.exitCode = before;
  if (asksForEvents(argv)) checkEvents(out.split('\n').filter((line) => line !== ''));
  return { out, err, exit, error };
}
