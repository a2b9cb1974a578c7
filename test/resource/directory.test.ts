import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DirectoryResource } from '../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

describe.each(shells)('directory in %s', (shell) => {
  let box: Sandbox;
  const want = (path = 'var/lib/a b', mode = '700'): DirectoryResource => ({
    kind: 'directory',
    stage: 'etcd',
    path: box.path(path),
    mode,
  });
  beforeEach(() => {
    box = sandbox(shell);
    mkdirSync(box.path('var'));
  });
  afterEach(() => {
    box.remove();
  });

  it('is created with its missing parents, each recorded, parents first', () => {
    const action = box.plan(want());
    expect(action).toMatchObject({ verb: 'create', reason: 'mode 700' });
    expect(box.apply(action).status).toBe(0);
    expect([box.mode(box.path('var/lib')), box.mode(want().path)]).toEqual(['755', '700']);
    expect(box.text(box.own('owned'))).toBe(`${box.path('var/lib')}\n${want().path}\n`);
    expect(box.plan(want())).toBeUndefined();
  });

  it('gets its mode; a folder that kboot did not create is not recorded', () => {
    mkdirSync(want('var/there').path, { mode: 0o755 });
    const action = box.plan(want('var/there'));
    expect(action).toMatchObject({ verb: 'update', reason: 'mode 755 becomes 700' });
    expect(box.apply(action).status).toBe(0);
    expect(box.mode(want('var/there').path)).toBe('700');
    expect(existsSync(box.own('owned'))).toBe(false);
  });

  it('a link to a folder is a folder; anything else in its place is unknown', () => {
    symlinkSync(box.path('var'), box.path('link'));
    box.write(box.path('file'), '');
    expect(box.observe(want('link'), want('file'), want('none'), want('var'))).toMatchObject([
      { state: 'present', found: { mode: '755' } },
      { state: 'unknown' },
      { state: 'absent' },
      { state: 'present' },
    ]);
  });
});
