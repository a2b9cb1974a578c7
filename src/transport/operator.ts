import { endGroup, ownGroup } from './own-group.ts';

export interface OperatorRun {
  readonly cwd: string;
  /** Set beside this process's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
}

export interface OperatorResult {
  /** null: ended by a signal, as after its time. */
  readonly exitCode: number | null;
  readonly timedOut: boolean;
  /** What it printed, both outputs. */
  readonly output: string;
}

/** Runs POSIX shell on this machine, as the user who runs kboot; in its own process group, which a timeout ends whole. */
export async function runOnOperator(script: string, options: OperatorRun): Promise<OperatorResult> {
  const { cwd, environment, timeoutSeconds } = options;
  const run = ownGroup({
    cwd,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
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
