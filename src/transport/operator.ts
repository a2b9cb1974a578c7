import { endGroup, ownGroup } from './child.ts';

export interface OperatorRun {
  readonly cwd: string;
  /** Set in addition to this process's environment (child.ts). */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

export interface OperatorResult {
  /** null: killed by a signal, for example after the timeout. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** Its stdout and stderr, interleaved. */
  readonly output: string;
}

/** What a program printed to each of the two. */
export interface ProgramResult extends OperatorResult {
  readonly stdout: string;
  readonly stderr: string;
  /** It was ended because it printed more than `mostBytes`. */
  readonly tooMuch: boolean;
}

/** Runs a POSIX shell script on this machine as the user who runs kboot, in its own process group; a timeout ends the whole group. */
export function runOnOperator(script: string, options: OperatorRun): Promise<OperatorResult> {
  return runProgram(['sh', '-e', '-c', script], options);
}

/**
 * Runs a program in the same way. Its words are arguments, not shell. Status 127: there is no such program, 126: it cannot be
 * started. `mostBytes`: on stdout and stderr together.
 */
export async function runProgram(
  argv: readonly string[],
  { cwd, environment, timeoutSeconds, mostBytes = Infinity }: OperatorRun & { readonly mostBytes?: number },
): Promise<ProgramResult> {
  const run = ownGroup({ cwd, stdio: ['ignore', 'pipe', 'pipe'] }, environment);
  const child = run`exec ${argv}`;
  let [timedOut, bytes] = [false, 0];
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
  }, timeoutSeconds * 1000);
  // What does not end when it is asked to.
  const last = setTimeout(
    () => {
      endGroup(child.pid, 'SIGKILL');
    },
    timeoutSeconds * 1000 + patienceMs,
  );
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer | string) => {
      bytes += chunk.length;
      if (bytes > mostBytes) endGroup(child.pid, 'SIGKILL');
    });
  try {
    const { exitCode, stdall, stdout, stderr } = await child;
    return { exitCode, timedOut, output: stdall, stdout, stderr, tooMuch: bytes > mostBytes };
  } finally {
    clearTimeout(timer);
    clearTimeout(last);
  }
}

const patienceMs = 5000;
