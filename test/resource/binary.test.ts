import { mkdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { handlerOf } from '../../src/resource/kinds.ts';
import type { BinaryResource } from '../../src/resource/types.ts';
import { artifact, sandbox, shells, type Sandbox } from './sandbox.ts';

const program = Buffer.from('#!/bin/sh\necho v1\n');

describe.each(shells)('binary in %s', (shell) => {
  let box: Sandbox;
  const want = (bytes: Buffer | string = program): BinaryResource => ({
    kind: 'binary',
    stage: 'runtime',
    path: box.path('usr/bin/tool'),
    artifact: artifact(bytes),
    readBy: ['kubelet'],
  });
  const digest = (): unknown => box.observe(want())[0];
  beforeEach(() => {
    box = sandbox(shell);
  });
  afterEach(() => {
    box.remove();
  });

  it('is installed as executable', () => {
    box.run(': > $KB/running/kubelet');
    const action = box.plan(want());
    expect(action?.reason).toBe(`thing v1.2.3 from the bundle, 1 MB, sha256 ${sha256(program).slice(0, 12)}`);
    expect(box.apply(action, program)).toEqual({ status: 0, output: '' });
    expect(box.text(want().path)).toBe(program.toString());
    expect(box.mode(want().path)).toBe('755');
    expect(box.text(box.own('running/kubelet'))).toBeUndefined();
    expect(box.plan(want())).toBeUndefined();
  });

  it('refuses bytes with a wrong checksum, and leaves the existing file and no partial one', () => {
    box.apply(box.plan(want()), program);
    box.run(': > $KB/running/kubelet');
    const result = box.apply(box.plan(want('other')), 'tampered');
    expect(result.status).not.toBe(0);
    expect(result.output).toContain(`expected ${sha256('other')}, got ${sha256('tampered')}`);
    expect(box.text(want().path)).toBe(program.toString());
    expect(box.text(box.path('usr/bin/.kboot~tool'))).toBeUndefined();
    expect(box.text(box.own('running/kubelet'))).toBe('');
  });

  it('is not confused with a file whose name has the same ending', () => {
    box.apply(box.plan(want()), program);
    const other: BinaryResource = { ...want('x'), path: box.path('tool') };
    box.write(other.path, 'y', 0o755);
    expect(box.observe(other, want())).toEqual([
      { state: 'present', found: { mode: '755', digest: sha256('y') } },
      { state: 'present', found: { mode: '755', digest: sha256(program) } },
    ]);
  });

  it('is repaired if only its mode is wrong', () => {
    box.apply(box.plan(want()), program);
    box.run(`chmod 644 '${want().path}'`);
    expect(box.apply(box.plan(want()), program).status).toBe(0);
    expect(box.plan(want())).toBeUndefined();
  });

  it('a folder in its place, and a file that cannot be read, are unknown', () => {
    mkdirSync(want().path, { recursive: true });
    expect(digest()).toMatchObject({ state: 'unknown' });
    expect(handlerOf('binary').read([want()], `755  ${want().path}\n`)).toMatchObject([{ state: 'unknown' }]);
  });

  it('is fetched by the host itself without a bundle', () => {
    const remote: BinaryResource = {
      ...want(),
      artifact: { ...want().artifact, source: { kind: 'download', url: `file://${box.path("it's")}` } },
    };
    box.write(box.path("it's"), program);
    const action = box.plan(remote);
    expect(action?.payload).toBeUndefined();
    mkdirSync(box.path('usr/bin'), { recursive: true });
    expect(box.apply(action)).toEqual({ status: 0, output: '' });
    expect(box.plan(remote)).toBeUndefined();
  });
});
