import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { labId, noOwner, parseLabName } from './names.ts';
import { netnsDir } from './network.ts';
import { attemptSync } from './shell.ts';

/** Leftovers of labs on this machine, by name. */
export interface Leftovers {
  readonly containers: readonly string[];
  readonly volumes: readonly string[];
  readonly namespaces: readonly string[];
}

/** Everything on this machine with a name of `id`, or of any lab. */
export function leftovers(id?: string): Leftovers {
  const ours = (names: readonly string[]): readonly string[] =>
    names.filter((name) => {
      const lab = parseLabName(name);
      return lab !== undefined && (id === undefined || lab.id === id);
    });
  return {
    containers: ours(lines(attemptSync`podman ps -a --format ${'{{.Names}}'}`.stdout)),
    volumes: ours(lines(attemptSync`podman volume ls -q`.stdout)),
    namespaces: ours(existsSync(netnsDir) ? readdirSync(netnsDir) : []),
  };
}

/**
 * Removes containers, volumes, namespaces (with their cables and bridge) of one lab.
 * Never throws, may run at any time and again; synchronous, so that it can run while the process ends.
 */
export function dismantle(id: string): void {
  const { containers, volumes, namespaces } = leftovers(id);
  if (containers.length > 0) quietly(['podman', 'rm', '-f', '-v', '-t', '0', ...containers]);
  for (const name of namespaces) {
    if (name !== id) quietly(['ip', '-n', name, 'link', 'delete', 'eth0']);
    quietly(['ip', 'netns', 'delete', name]);
  }
  if (volumes.length > 0) quietly(['podman', 'volume', 'rm', '-f', ...volumes]);
}

/** The folder for the keys of a lab that ends with its process. */
export function temporaryDir(id: string): string {
  return join(tmpdir(), id);
}

/** Removes leftovers of labs whose owner no longer runs. */
export function sweep(): void {
  const { containers, volumes, namespaces } = leftovers();
  const folders = readdirSync(tmpdir());
  const dead = new Set<string>();
  for (const name of [...containers, ...volumes, ...namespaces, ...folders]) {
    const lab = parseLabName(name);
    if (lab !== undefined && lab.owner !== noOwner && !existsSync(`/proc/${lab.owner}`)) dead.add(lab.id);
  }
  for (const id of dead) {
    dismantle(id);
    rmSync(temporaryDir(id), { recursive: true, force: true });
  }
}

/** Runs `cleanup` once when this process ends, whether by itself or by a signal. Returns a function that cancels it. */
export function onProcessEnd(cleanup: () => void): () => void {
  const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
  const handlers = Object.entries(signals).map(([signal, status]) => {
    const handler = (): void => {
      process.exit(status);
    };
    process.once(signal, handler);
    return { signal, handler };
  });
  process.once('exit', cleanup);
  return () => {
    process.off('exit', cleanup);
    for (const { signal, handler } of handlers) process.off(signal, handler);
  };
}

/** The id of a lab that this process owns. */
export function ownId(name: string): string {
  return labId(process.pid, name);
}

/** Runs a command that removes something which may not exist. */
function quietly(argv: readonly string[]): void {
  spawnSync(argv[0] ?? '', argv.slice(1), { stdio: 'ignore' });
}

function lines(text: string): readonly string[] {
  return text.split('\n').filter((line) => line !== '');
}
