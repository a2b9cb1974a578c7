import { lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { handlerOf } from '../../src/resource/kinds.ts';
import { placeholder } from '../../src/resource/placeholder.ts';
import { staleStatus } from '../../src/resource/prelude.ts';
import type { FileResource } from '../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

describe.each(shells)('file in %s', (shell) => {
  let box: Sandbox;
  const want = (more: Partial<FileResource> = {}): FileResource => ({
    kind: 'file',
    stage: 'host',
    path: box.path('etc/a b.conf'),
    mode: '640',
    content: { kind: 'text', text: 'one\ntwo\n' },
    ...more,
  });
  beforeEach(() => {
    box = sandbox(shell);
    mkdirSync(box.path('etc'));
  });
  afterEach(() => {
    box.remove();
  });

  it("is created, recorded as kboot's, and then there is nothing to do", () => {
    const action = box.plan(want());
    expect(action).toMatchObject({ verb: 'create', reason: '2 lines' });
    expect(box.apply(action)).toEqual({ status: 0, output: '' });
    expect(box.text(want().path)).toBe('one\ntwo\n');
    expect(box.mode(want().path)).toBe('640');
    expect(box.text(box.own('owned'))).toBe(`${want().path}\n`);
    expect(readdirSync(box.path('etc'))).toEqual(['a b.conf']);
    expect(box.plan(want())).toBeUndefined();
  });

  it('changes content, and backs up the previous file once', () => {
    box.write(want().path, 'theirs\n', 0o600);
    const action = box.plan(want());
    expect(action?.verb).toBe('update');
    expect(box.apply(action).status).toBe(0);
    const before = box.own('before', want().path);
    expect(box.text(before)).toBe('theirs\n');
    expect(box.mode(before)).toBe('600');
    box.apply(box.plan(want({ content: { kind: 'text', text: 'three\n' } })));
    expect(box.text(want().path)).toBe('three\n');
    expect(box.text(before)).toBe('theirs\n');
    expect(box.text(box.own('owned'))).toBe(`${want().path}\n`);
  });

  it('that its check refuses leaves what is there, and nothing beside it', () => {
    box.write(want().path, 'theirs\n', 0o600);
    const check = 'grep -q one "$1" && return 0\necho "no one in it"\nreturn 1';
    const refused = box.apply(box.plan(want({ content: { kind: 'text', text: 'two\n' }, check })));
    expect(refused).toEqual({ status: 1, output: 'no one in it\n' });
    expect(box.text(want().path)).toBe('theirs\n');
    expect(readdirSync(box.path('etc'))).toEqual(['a b.conf']);
    expect(box.apply(box.plan(want({ check })))).toEqual({ status: 0, output: '' });
    expect(box.text(want().path)).toBe('one\ntwo\n');
  });

  it('changes only the mode if only the mode differs', () => {
    box.apply(box.plan(want()));
    const inode = statSync(want().path).ino;
    const action = box.plan(want({ mode: '600', readBy: ['containerd'] }));
    expect(action).toMatchObject({ verb: 'update', reason: 'mode 640 becomes 600' });
    expect(action?.payload).toBeUndefined();
    expect(box.apply(action).status).toBe(0);
    expect(box.mode(want().path)).toBe('600');
    expect(statSync(want().path).ino).toBe(inode);
  });

  it('is renamed into place: a reader of the old file still reads all of it', () => {
    box.apply(box.plan(want()));
    const inode = statSync(want().path).ino;
    box.apply(box.plan(want({ content: { kind: 'text', text: 'new\n' } })));
    expect(statSync(want().path).ino).not.toBe(inode);
  });

  it('replaces a symbolic link itself, not its target', () => {
    box.write(box.path('target'), 'theirs\n');
    symlinkSync(box.path('target'), want().path);
    expect(box.apply(box.plan(want())).status).toBe(0);
    expect(lstatSync(want().path).isSymbolicLink()).toBe(false);
    expect(box.text(box.path('target'))).toBe('theirs\n');
    expect(lstatSync(box.own('before', want().path)).isSymbolicLink()).toBe(true);
  });

  it('refuses to write when the file is not what the plan saw', () => {
    for (const [before, now] of [
      [undefined, 'made meanwhile\n'],
      ['seen\n', 'changed meanwhile\n'],
      ['seen\n', undefined],
    ]) {
      box.remove();
      mkdirSync(box.path('etc'), { recursive: true });
      if (before !== undefined) box.write(want().path, before);
      const action = box.plan(want({ readBy: ['containerd'] }));
      box.run(`: > $KB/running/containerd; rm -f '${want().path}'`);
      if (now !== undefined) box.write(want().path, now);
      const result = box.apply(action);
      expect(result.status).toBe(staleStatus);
      expect(result.output).toContain('changed since the plan was made');
      expect(box.text(want().path)).toBe(now);
      expect(box.text(box.own('owned'))).toBeUndefined();
      expect(box.text(box.own('running/containerd'))).toBe('');
    }
  });

  it("removes its readers' marks before the file changes, so that a crash in between costs a restart", () => {
    const action = box.plan(want({ readBy: ['containerd', 'pod-etcd'] }));
    expect(action?.disturbs).toEqual(['containerd', 'pod-etcd']);
    box.run(': > $KB/running/containerd; : > $KB/running/pod-etcd; : > $KB/running/kubelet');
    if (action === undefined) throw new Error('nothing to do');
    // kb_install never finishes: the power failed.
    const crashed = { ...action, script: action.script.replace('kb_install', 'exit 9; kb_install') };
    expect(box.apply(crashed).status).toBe(9);
    expect(box.text(want().path)).toBeUndefined();
    expect(readdirSync(box.own('running'))).toEqual(['kubelet']);
    expect(box.apply(box.plan(want({ readBy: ['containerd', 'pod-etcd'] }))).status).toBe(0);
    expect(box.text(want().path)).toBe('one\ntwo\n');
  });

  it('recovers from a crash between recording and renaming', () => {
    box.write(want().path, 'theirs\n');
    const action = box.plan(want());
    if (action === undefined) throw new Error('nothing to do');
    const install = 'kb_install';
    box.apply({ ...action, script: `mv() { exit 9; }\n${action.script}` });
    expect(box.text(want().path)).toBe('theirs\n');
    expect(action.script).toContain(install);
    expect(box.apply(box.plan(want())).status).toBe(0);
    expect(box.text(box.own('before', want().path))).toBe('theirs\n');
    expect(box.text(box.own('owned'))).toBe(`${want().path}\n`);
  });

  it('may be empty', () => {
    const empty = want({ content: { kind: 'text', text: '' } });
    expect(box.apply(box.plan(empty)).status).toBe(0);
    expect(box.text(want().path)).toBe('');
    expect(box.plan(empty)).toBeUndefined();
  });

  it('is unknown if it is not a regular file or cannot be read', () => {
    mkdirSync(want().path);
    expect(box.observe(want())).toMatchObject([{ state: 'unknown' }]);
    // A failing disk returns a name and a mode, but no digest.
    const read = handlerOf('file').read([want()], `644  ${want().path}\n`);
    expect(read).toMatchObject([{ state: 'unknown' }]);
  });

  it('observes many at once, each by its own path', () => {
    box.write(box.path('etc/x'), 'x');
    const wants = ['x', 'y', "it's", '$(touch pwned)'].map((name) => want({ path: box.path('etc', name) }));
    expect(box.observe(...wants)).toEqual([
      { state: 'present', found: { mode: '644', digest: sha256('x') } },
      { state: 'absent' },
      { state: 'absent' },
      { state: 'absent' },
    ]);
  });
});

describe('file', () => {
  const base = { kind: 'file', stage: 'host', path: '/etc/f', mode: '600' } as const;
  const present = { state: 'present', found: { mode: '600', digest: sha256('key') } } as const;
  const none = { disturbed: new Set<string>() };

  it('compares a secret by its digest and shows only that', () => {
    const secret: FileResource = {
      ...base,
      content: { kind: 'secret', name: 'cp:sa.key', digest: sha256('key') },
    };
    expect(handlerOf('file').action(secret, present, none)).toBeUndefined();
    const action = handlerOf('file').action(secret, { state: 'absent' }, none);
    expect(action).toMatchObject({
      reason: `secret cp:sa.key, sha256 ${sha256('key').slice(0, 12)}`,
      payload: { path: '/etc/.kboot~f', content: secret.content },
    });
  });

  it('content that is not issued yet differs from any existing file', () => {
    const unissued: FileResource = { ...base, content: { kind: 'secret', name: 'cp:sa.key', digest: null } };
    expect(handlerOf('file').action(unissued, present, none)?.reason).toBe(
      'secret cp:sa.key, issued when applied',
    );
    const text: FileResource = { ...base, content: { kind: 'text', text: placeholder('cluster-id') } };
    const same = {
      state: 'present',
      found: { mode: '600', digest: sha256(placeholder('cluster-id')) },
    } as const;
    expect(handlerOf('file').action(text, same, none)?.verb).toBe('update');
  });
});
