import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { sha256 } from '../../src/model/digest.ts';
import { handlerOf } from '../../src/resource/kinds.ts';
import { hostFolder, makeHostFolder, prelude } from '../../src/resource/prelude.ts';
import type { Action, Artifact, Observation, Resource } from '../../src/resource/types.ts';

/** Shells on this machine that may be a host's `sh`. */
export const shells = ['dash', 'bash'].filter((shell) => spawnSync(shell, ['-c', ':']).status === 0);

interface Ran {
  readonly status: number | null;
  readonly output: string;
}

/** A folder that acts as a host: scripts of resource kinds really run here. */
export interface Sandbox {
  readonly root: string;
  /** Path below the folder. */
  path(...parts: string[]): string;
  /** kboot's own folder on this host. */
  own(...parts: string[]): string;
  write(path: string, text: string | Buffer, mode?: number): void;
  text(path: string): string | undefined;
  mode(path: string): string;
  /** Runs a script with the prelude, with the sandbox's folders in place of the host's. */
  run(script: string): Ran;
  /** The observations of a query for these. */
  observe(...wants: Resource[]): readonly Observation<unknown>[];
  /** The action for one resource, after observing it. */
  plan(want: Resource, disturbed?: readonly string[]): Action | undefined;
  /** Transfers a payload and runs the action, like a session. */
  apply(action: Action | undefined, payload?: string | Buffer): Ran;
  remove(): void;
}

/** Creates one; `moved` are additional host folders in scripts that are mapped into the sandbox. */
export function sandbox(shell = 'sh', moved: readonly string[] = []): Sandbox {
  const root = mkdtempSync(join(tmpdir(), 'kboot-resource-'));
  const path = (...parts: string[]): string => join(root, ...parts);
  const own = (...parts: string[]): string => path('kboot', ...parts);
  const relocate = (script: string): string =>
    moved.reduce(
      (text, folder) => text.replaceAll(folder, path(folder)),
      script.replaceAll(hostFolder, own()),
    );
  const shellRun = (script: string): Ran => {
    const { status, stdout, stderr } = spawnSync(shell, ['-c', script], { encoding: 'utf8', input: '' });
    return { status, output: stdout + stderr };
  };
  const box: Sandbox = {
    root,
    path,
    own,
    write(target, text, mode = 0o644) {
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, text, { mode });
    },
    text: (target) => (existsSync(target) ? readFileSync(target, 'utf8') : undefined),
    mode: (target) => (statSync(target).mode & 0o7777).toString(8),
    run: (script) => shellRun(relocate(`umask 022\n${makeHostFolder}\n${prelude}\n${script}`)),
    observe(...wants) {
      const [first] = wants;
      if (first === undefined) return [];
      const handler = handlerOf(first.kind);
      const { stdout } = spawnSync(shell, ['-c', relocate(handler.query(wants))], {
        encoding: 'utf8',
        input: '',
      });
      return handler.read(wants, stdout.replaceAll(path('/etc/kubernetes'), '/etc/kubernetes'));
    },
    plan(want, disturbed = []) {
      const [seen] = box.observe(want);
      if (seen === undefined || seen.state === 'unknown') throw new Error(`unknown: ${seen?.reason ?? ''}`);
      return handlerOf(want.kind).action(want, seen, { disturbed: new Set(disturbed) });
    },
    apply(action, payload) {
      if (action === undefined) throw new Error('nothing to do');
      const script = relocate(action.script);
      const before = shellRun(relocate(makeHostFolder));
      if (before.status !== 0) return before;
      if (action.payload !== undefined) {
        const { content, path: target } = action.payload;
        const bytes = payload ?? (content.kind === 'text' ? content.text : '');
        box.write(relocate(target), bytes, 0o600);
      }
      return shellRun(relocate(`umask 022\n${prelude}\n`) + script);
    },
    remove() {
      rmSync(root, { recursive: true, force: true });
    },
  };
  return box;
}

/** A release file that comes with the step. */
export function artifact(bytes: Buffer | string, title = 'thing v1.2.3'): Artifact {
  return {
    title,
    sha256: sha256(bytes),
    source: { kind: 'bundle', path: `bin/${title}`, size: Buffer.byteLength(bytes) },
  };
}
