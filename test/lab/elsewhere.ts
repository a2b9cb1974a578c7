import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { compiledKboot, type Site } from './kboot.ts';

interface Ended {
  readonly code: number | null;
  /** Both outputs. */
  readonly out: string;
}

/** A kboot that runs. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once the output contains this text. */
  says(text: string): Promise<void>;
}

/**
 * A kboot in a PID namespace of its own, as on another machine: others do not see its process. `state`: its copy of the state
 * folder. Killing `child` kills it.
 */
export function elsewhere(
  { lab, inventory }: Pick<Site, 'lab' | 'inventory'>,
  verb: string,
  state: string,
  rest: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Running {
  const kboot = [compiledKboot(), verb, inventory, '--state', state, ...rest];
  const alone = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath, ...kboot];
  const [file = '', ...args] = lab.inside(alone);
  const child = spawn(file, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, HOME: lab.dir, NO_COLOR: '1', KBOOT_KNOWN_HOSTS: lab.knownHosts, ...env },
  });
  let out = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (out += text));
  return {
    child,
    ended: new Promise((resolve) =>
      child.once('close', (code) => {
        resolve({ code, out });
      }),
    ),
    async says(text) {
      for (let waited = 0; !out.includes(text); waited += 100) {
        if (waited > 60_000 || child.exitCode !== null) throw new Error(`it does not say ${text}:\n${out}`);
        await sleep(100);
      }
    },
  };
}
