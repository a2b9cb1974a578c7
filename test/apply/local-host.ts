import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import type { RootProcess, Writer } from '../../src/transport/types.ts';

/** A host that is a folder: sessions run here for real, with kboot's folders below `root`. */
export interface LocalHost {
  readonly root: string;
  readonly writer: Writer;
  /** Commands that were started. */
  readonly commands: string[];
  readonly processes: ChildProcess[];
  path(...parts: string[]): string;
  /** Text of a file below `root`; undefined if there is none. */
  text(...parts: string[]): string | undefined;
  remove(): void;
}

/** Makes such a host whose receiver runs in `shell`. */
export function localHost(shell = 'sh', name = 'h1'): LocalHost {
  const root = mkdtempSync(join(tmpdir(), 'kboot-host-'));
  mkdirSync(join(root, 'run'));
  const commands: string[] = [];
  const processes: ChildProcess[] = [];
  const path = (...parts: string[]): string => join(root, ...parts);
  return {
    root,
    commands,
    processes,
    path,
    text: (...parts) => (existsSync(path(...parts)) ? readFileSync(path(...parts), 'utf8') : undefined),
    remove() {
      for (const child of processes) child.kill('SIGKILL');
      rmSync(root, { recursive: true, force: true });
    },
    writer: {
      host: name,
      stats: { connections: 1, execs: 0, forwards: 0, bytesUp: 0, bytesDown: 0 },
      read: () => Promise.reject(new Error('not in this test')),
      forward: () => Promise.reject(new Error('not in this test')),
      start(command) {
        commands.push(command);
        const child = spawn(shell, ['-c', command], { stdio: 'pipe' });
        processes.push(child);
        return Promise.resolve(rootProcess(child, root));
      },
    },
  };
}

function rootProcess(child: ReturnType<typeof spawn>, root: string): RootProcess {
  const { stdin: far, stdout, stderr } = child;
  if (far === null || stdout === null || stderr === null) throw new Error('no pipes');
  const stdin = relocate(root);
  stdin.pipe(far);
  far.on('error', () => undefined);
  return {
    stdin,
    stdout,
    stderr,
    exit: new Promise((resolve) => {
      child.once('exit', (code) => {
        resolve(code);
      });
    }),
    kill: () => {
      far.destroy();
      stdout.destroy();
    },
  };
}

/** Rewrites the first message, the receiver's program, so that all its paths are below `root`. */
function relocate(root: string): Transform {
  let held: Buffer | undefined = Buffer.alloc(0);
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (held === undefined) {
        done(null, chunk);
        return;
      }
      held = Buffer.concat([held, chunk]);
      const newline = held.indexOf(10);
      const size = Number(held.subarray(0, newline).toString());
      if (newline < 0 || held.length < newline + 1 + size) {
        done();
        return;
      }
      const program = held
        .subarray(newline + 1, newline + 1 + size)
        .toString()
        .replaceAll('/run/kboot', join(root, 'run/kboot'))
        .replaceAll('/var/lib/kboot', join(root, 'kboot'))
        .replace('flock -w 60', 'flock -w 0.2');
      this.push(`${Buffer.byteLength(program)}\n${program}`);
      this.push(held.subarray(newline + 1 + size));
      held = undefined;
      done();
    },
  });
}
