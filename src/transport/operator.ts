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

/** Runs a POSIX shell script on this machine as the user who runs kboot, in its own process group; a timeout ends the whole group. */
export async function runOnOperator(script: string, options: OperatorRun): Promise<OperatorResult> {
  const { cwd, environment, timeoutSeconds } = options;
  const run = ownGroup({ cwd, stdio: ['ignore', 'pipe', 'pipe'] }, environment);
  const child = run`exec sh -e -c ${script}`;
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid);
  }, timeoutSeconds * 1000);
  try {
    const { exitCode, stdall } = await child;
    return { exitCode, timedOut, output: stdall };
  } finally {
    clearTimeout(timer);
  }
}
