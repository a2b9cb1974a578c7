import { KbootError } from '../model/error.ts';
import { bounded } from './bounded.ts';
import { reportTimes, takeTimes } from './cpu-times.ts';
import type { Launcher } from './process.ts';
import { RootShell } from './root.ts';
import type {
  ConnectOptions,
  HostConnection,
  Reader,
  ReadLimits,
  RootProcess,
  ScriptResult,
  TransportStats,
} from './types.ts';
import { remedies } from './remedies.ts';

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
    async read(script, limits) {
      const answer = await readScript(launcher, shell, script, { maxBytes: mostOutput, ...limits });
      const { stderr, seconds } = takeTimes(answer.stderr);
      stats.cpuSeconds = (stats.cpuSeconds ?? 0) + seconds;
      return { ...answer, stderr };
    },
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
  return `{ :\n${reportTimes}\n${script}\n} </dev/null\n`;
}

/** Bytes of an answer that are read at most; far more than any host has to tell. */
const mostOutput = 8 * 1024 * 1024;
const mostErrors = 256 * 1024;

/** The remote timeout is one second longer than the local one. */
function readBody(timeoutMs: number): string {
  return `exec timeout -k 5 ${Math.ceil(timeoutMs / 1000) + 1} sh`;
}

async function readScript(
  launcher: Launcher,
  shell: RootShell,
  script: string,
  { timeoutMs, maxBytes }: Required<ReadLimits>,
): Promise<ScriptResult> {
  const process = await shell.run(readBody(timeoutMs), { input: wholeScript(script), timeoutMs });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(tooLong(launcher.host, timeoutMs));
    }, timeoutMs);
  });
  try {
    return await Promise.race([result(launcher, process, maxBytes), late]);
  } catch (error) {
    process.kill();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function result(launcher: Launcher, process: RootProcess, maxBytes: number): Promise<ScriptResult> {
  const [stdout, stderr, exitCode] = await Promise.all([
    bounded(process.stdout, maxBytes, () => flood(launcher.host, maxBytes)),
    bounded(process.stderr, mostErrors, () => flood(launcher.host, mostErrors)),
    process.exit,
  ]);
  // sshd may send the exit status before the last output: if the connection is lost, the output may be truncated.
  launcher.lost.throwIfAborted();
  return { stdout: stdout.toString('utf8'), stderr: stderr.toString('utf8'), exitCode };
}

function flood(host: string, bytes: number): KbootError {
  return new KbootError('E-PROBE', `a read-only command printed more than ${bytes} bytes, and was ended`, {
    host,
    remedy: remedies.tooMuchOutput,
  });
}

function tooLong(host: string, timeoutMs: number): KbootError {
  return new KbootError('E-TIMEOUT', `a read-only command did not finish within ${timeoutMs} ms`, {
    host,
    remedy: remedies.slowCommand,
  });
}
