import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import {
  hostsCommandOf,
  type HostsCommand,
  type HostsText,
  type ReadHosts,
} from '../inventory/hosts-from.ts';
import { absolutePath } from '../inventory/paths.ts';
import { quoteAll } from '../model/shell.ts';
import { sha256 } from '../model/digest.ts';
import { KbootError } from '../model/error.ts';
import { readHostsText } from '../store/hosts-text.ts';
import { redactLog } from '../plan/diff/redact.ts';
import { mayRunHostsCommand, type PlanningCommand } from './consent.ts';
import { remedies } from './remedies.ts';

const mostBytes = 16 * 1024 * 1024;
/** Characters at the end of stderr among which secrets are looked for: an error shows 1000 of them. */
const lookedAt = 64 * 1024;

/**
 * Reads what spec.hostsFrom names, once: what was there when the inventory was read holds for the whole run. A command is run
 * now, if it may: a change to the inventory could otherwise run any program on every machine that reads it. Throws E-CONSENT.
 */
export async function hostsReader(inventory: string, text: string): Promise<ReadHosts> {
  const folders = { inventory: resolve(dirname(inventory)), home: homedir() };
  const command = hostsCommandOf(text, process.env);
  let read = command && (await printed(inventory, command));
  return (source) =>
    (read ??=
      'file' in source ? readHostsText(absolutePath(source.file, folders)) : { problem: 'was not run' });
}

async function printed(inventory: string, source: HostsCommand): Promise<HostsText> {
  const cwd = resolve(dirname(inventory));
  const { command, timeoutSeconds } = source;
  if (!(await mayRunHostsCommand(inventory, planningCommand(cwd, source))))
    throw new KbootError('E-CONSENT', `spec.hostsFrom.command was not run: ${quoteAll(command)}`, {
      remedy: remedies.trustCommand,
    });
  // zx costs start-up time that other inventories need not pay.
  const { runProgram } = await import('../transport/operator.ts');
  const { exitCode, timedOut, tooMuch, stdout, stderr } = await runProgram(command, {
    ...{ cwd, timeoutSeconds, mostBytes },
    environment: { KBOOT_INVENTORY: resolve(inventory) },
  });
  if (exitCode === 0) return { text: stdout };
  const why = timedOut
    ? `did not end within ${timeoutSeconds} s`
    : tooMuch
      ? 'printed more than 16 MiB'
      : exitCode === 127
        ? 'ended with status 127, as a program that is not installed'
        : exitCode === null
          ? 'was ended by a signal'
          : `ended with status ${exitCode}`;
  return { problem: `${why}${lastWords(stderr)}` };
}

/** The last lines of stderr, in one line, without secrets. */
function lastWords(stderr: string): string {
  const lines = redactLog(stderr.slice(-lookedAt))
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return lines.length === 0 ? '' : `: ${lines.slice(-5).join(' / ').slice(-1000)}`;
}

/** What a person agrees to: the command, and the files that it names, such as a script beside the inventory. */
function planningCommand(cwd: string, { command }: HostsCommand): PlanningCommand {
  const [program, ...rest] = command;
  const files = [...(program.includes('/') ? [program] : []), ...rest].flatMap((word) => {
    const digest = digestOf(resolve(cwd, word));
    return digest === undefined ? [] : [`# ${word}, sha256 ${digest}`];
  });
  return {
    kind: 'hosts',
    hosts: undefined,
    what: 'spec.hostsFrom.command, which lists the hosts',
    text: [quoteAll(command), ...files].join('\n'),
  };
}

function digestOf(path: string): string | undefined {
  try {
    return statSync(path).isFile() ? sha256(readFileSync(path)) : undefined;
  } catch {
    return undefined;
  }
}
