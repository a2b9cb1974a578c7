import { text } from 'node:stream/consumers';
import { KbootError } from '../model/error.ts';
import type { Launcher } from './process.ts';
import { RootShell } from './root.ts';
import type {
  ConnectOptions,
  HostConnection,
  Reader,
  RootProcess,
  ScriptResult,
  TransportStats,
} from './types.ts';

interface Parts {
  readonly launcher: Launcher;
  readonly stats: TransportStats;
  readonly options: ConnectOptions;
  readonly forward: Reader['forward'];
  readonly close: () => Promise<void>;
}

/** Builds a connection's reader and writer. The reader has nothing that can start a command. */
export function hostConnection({ launcher, stats, options, forward, close }: Parts): HostConnection {
  const { host } = launcher;
  const shell = new RootShell(launcher, options);
  const reader: Reader = {
    host,
    stats,
    forward,
    read: (script, { timeoutMs }) => readScript(launcher, shell, script, timeoutMs),
  };
  return {
    reader,
    writer: {
      ...reader,
      start: (command, { spare } = {}) =>
        shell.run(startBody(command), { timeoutMs: options.connectTimeoutMs, ...(spare && { spare }) }),
    },
    close,
  };
}

/** Base64, so that the command arrives unchanged; `x` keeps the trailing newlines that $() would strip. */
function startBody(command: string): string {
  const base64 = Buffer.from(command).toString('base64');
  return `c=$(echo ${base64} | base64 -d; echo x); exec sh -c "\${c%x}"`;
}

/**
 * The group makes sh read the whole script before running any of it (a truncated script does not run at all),
 * and keeps its commands from reading the script as their stdin.
 */
function wholeScript(script: string): string {
  return `{ :\n${script}\n} </dev/null\n`;
}

/** The remote timeout is one second longer than the local one. */
function readBody(timeoutMs: number): string {
  return `exec timeout -k 5 ${Math.ceil(timeoutMs / 1000) + 1} sh`;
}

async function readScript(
  launcher: Launcher,
  shell: RootShell,
  script: string,
  timeoutMs: number,
): Promise<ScriptResult> {
  const process = await shell.run(readBody(timeoutMs), { input: wholeScript(script), timeoutMs });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(tooLong(launcher.host, timeoutMs));
    }, timeoutMs);
  });
  try {
    return await Promise.race([result(launcher, process), late]);
  } catch (error) {
    process.kill();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function result(launcher: Launcher, process: RootProcess): Promise<ScriptResult> {
  const [stdout, stderr, exitCode] = await Promise.all([
    text(process.stdout),
    text(process.stderr),
    process.exit,
  ]);
  // sshd may send the exit status before the last output: if the connection is lost, the output may be truncated.
  launcher.lost.throwIfAborted();
  return { stdout, stderr, exitCode };
}

function tooLong(host: string, timeoutMs: number): KbootError {
  return new KbootError('E-TIMEOUT', `a read-only command did not finish within ${timeoutMs} ms`, {
    host,
    remedy: "Check the host's load and disks (a hanging mount blocks df and stat), then run again.",
  });
}
