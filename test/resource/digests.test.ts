import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { handlerOf } from '../../src/resource/kinds.ts';
import type { BinaryResource, FileResource, Resource } from '../../src/resource/types.ts';
import { artifact, sandbox, shells, type Sandbox } from './sandbox.ts';

const size = 2 * 1024 * 1024;
const program = Buffer.alloc(size, 'a');
const other = Buffer.alloc(size, 'b');

describe.each(shells)('remembered digests in %s', (shell) => {
  let box: Sandbox;
  const want = (): BinaryResource => ({
    ...{ kind: 'binary', stage: 'runtime' },
    path: box.path('usr/bin/tool'),
    artifact: artifact(program),
  });
  /** The digest that a probe finds, and how many files it read for that. */
  const probe = (resource: Resource = want(), deep = false): readonly [string | undefined, number] => {
    const log = box.path('hashed');
    writeFileSync(log, '');
    const real = spawnSync('sh', ['-c', 'command -v sha256sum'], { encoding: 'utf8' }).stdout.trim();
    const counting = `#!/bin/sh\nfor f in "$@"; do [ "$f" = -- ] || echo "$f" >> ${log}; done\nexec ${real} "$@"\n`;
    box.write(box.path('bin/sha256sum'), counting, 0o755);
    const handler = handlerOf(resource.kind);
    const { output } = box.run(`PATH=${box.path('bin')}:$PATH\n${handler.query([resource], { deep })}`);
    const [seen] = handler.read([resource], output);
    const found = seen?.state === 'present' ? (seen.found as { readonly digest?: string }).digest : undefined;
    return [found, readFileSync(log, 'utf8').split('\n').length - 1];
  };
  const remember = (): void => {
    expect(box.run('kb_remember')).toEqual({ status: 0, output: '' });
  };
  const record = (): string => box.text(box.own('sums')) ?? '';
  /** Records a digest that the file does not have: whoever finds it has not read the file. */
  const forge = (): void => {
    writeFileSync(box.own('sums'), record().replace(sha256(program), 'f'.repeat(64)));
  };
  beforeEach(() => {
    box = sandbox(shell);
    expect(box.apply(box.plan(want()), program).status).toBe(0);
  });
  afterEach(() => {
    box.remove();
  });

  it('a file is read until an apply has recorded it, then no more', () => {
    expect(probe()).toEqual([sha256(program), 1]);
    expect(probe()).toEqual([sha256(program), 1]);
    remember();
    expect(record()).toMatch(
      new RegExp(
        `^\\|${want().path}\\|\\d+:\\d+:${size}:\\d+\\.\\d{9}:\\d+\\.\\d{9}\\|${sha256(program)}$`,
        'm',
      ),
    );
    expect(box.mode(box.own('sums'))).toBe('600');
    expect(probe()).toEqual([sha256(program), 0]);
    const before = record();
    remember();
    expect(record()).toBe(before);
  });

  it('with deep it is read whatever is recorded', () => {
    remember();
    forge();
    expect(probe()).toEqual(['f'.repeat(64), 0]);
    expect(probe(want(), true)).toEqual([sha256(program), 1]);
  });

  it('another content is found, though its time is put back, and size, inode and name are the same', () => {
    remember();
    const { atime, mtime, ino } = statSync(want().path);
    writeFileSync(want().path, other);
    utimesSync(want().path, atime, mtime);
    expect(statSync(want().path)).toMatchObject({ ino, mtime, size });
    expect(probe()).toEqual([sha256(other), 1]);
    remember();
    expect(probe()).toEqual([sha256(other), 0]);
  });

  it('another file in its place is found', () => {
    remember();
    const { atime, mtime } = statSync(want().path);
    box.write(box.path('new'), other, 0o755);
    utimesSync(box.path('new'), atime, mtime);
    renameSync(box.path('new'), want().path);
    expect(probe()).toEqual([sha256(other), 1]);
  });

  it.each([
    [
      'is missing',
      (file: string) => {
        rmSync(file);
      },
    ],
    [
      'is empty',
      (file: string) => {
        writeFileSync(file, '');
      },
    ],
    [
      'is cut off',
      (file: string) => {
        const text = readFileSync(file, 'utf8');
        writeFileSync(file, text.slice(0, text.indexOf('f'.repeat(64)) + 50));
      },
    ],
    [
      'has no digest',
      (file: string) => {
        writeFileSync(file, readFileSync(file, 'utf8').replace(/[0-9a-f]{64}/g, 'x'.repeat(64)));
      },
    ],
    [
      'has times in seconds',
      (file: string) => {
        writeFileSync(file, readFileSync(file, 'utf8').replace(/\.\d{9}/g, ''));
      },
    ],
    [
      "is an earlier release's",
      (file: string) => {
        writeFileSync(
          file,
          readFileSync(file, 'utf8').replace(/\|\d+:(\d+:\d+:\d+)\.\d{9}(:\d+)\.\d{9}/g, '|$1$2'),
        );
      },
    ],
    [
      'can be written by a group',
      (file: string) => {
        chmodSync(file, 0o620);
      },
    ],
    [
      'can be written by everybody',
      (file: string) => {
        chmodSync(file, 0o602);
      },
    ],
    [
      'is in a folder that everybody may write',
      (file: string) => {
        chmodSync(file.replace('/sums', ''), 0o777);
      },
    ],
    [
      "is somebody else's",
      (file: string) => {
        if (process.getuid?.() === 0) chownSync(file, 65534, 0);
        else rmSync(file);
      },
    ],
    [
      'is a link',
      (file: string) => {
        renameSync(file, `${file}2`);
        spawnSync('ln', ['-s', `${file}2`, file]);
      },
    ],
  ])('a record that %s does not count, and the next apply makes it whole', (_what, spoil) => {
    remember();
    forge();
    spoil(box.own('sums'));
    // box.run makes kboot's folder, as an apply does.
    const handler = handlerOf('binary');
    expect(box.observe(want())).toMatchObject([{ found: { digest: sha256(program) } }]);
    expect(handler.query([want()])).not.toContain('kb_remember');
  });

  it('a digest is not recorded for a file that changes while it is read', () => {
    const tool = want().path;
    const changing = `sha256sum() { command sha256sum "$@"; echo x >> ${tool}; }`;
    expect(box.run(`${changing}\nkb_remember`).status).toBe(0);
    expect(record()).not.toContain(tool);
    expect(probe()[1]).toBe(1);
  });

  it('a crash before the record is in place leaves the former one', () => {
    remember();
    const before = record();
    writeFileSync(want().path, other);
    for (const last of ['sync', 'mv', 'sha256sum']) box.run(`${last}() { kill -9 $$; }\nkb_remember`);
    expect(record()).toBe(before);
    expect(probe()).toEqual([sha256(other), 1]);
  });

  it('small files are read in one process, however many, and none is recorded', () => {
    const small = (name: string): FileResource => ({
      ...{ kind: 'file', stage: 'host', mode: '644', path: box.path('etc', name) },
      content: { kind: 'text', text: name },
    });
    const many = Array.from({ length: 30 }, (_, index) => small(`a b\\${index}.conf`));
    for (const each of many) expect(box.apply(box.plan(each)).status).toBe(0);
    remember();
    expect(box.observe(...many)).toEqual(
      many.map(({ path }) => ({
        state: 'present',
        found: { mode: '644', digest: sha256(path.slice(path.lastIndexOf('/') + 1)) },
      })),
    );
    expect(record()).not.toContain('.conf');
  });

  it('a large file of spec.files is recorded, too', () => {
    const large: FileResource = {
      ...{ kind: 'file', stage: 'host', mode: '644', path: box.path('etc/large') },
      content: { kind: 'text', text: program.toString() },
    };
    expect(box.apply(box.plan(large)).status).toBe(0);
    remember();
    expect(probe(large)).toEqual([sha256(program), 0]);
  });
});
