import { existsSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HookResource } from '../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

describe.each(shells)('hook in %s', (shell) => {
  let box: Sandbox;
  const want = (name: string, more: Partial<HookResource> = {}): HookResource => ({
    kind: 'hook',
    stage: 'runtime',
    name,
    when: 'before',
    run: `echo "$KBOOT_HOST it's" > ${box.path('made')}\n`,
    environment: { KBOOT_HOST: 'w 1' },
    mayAsk: true,
    timeoutSeconds: 20,
    ...more,
  });
  beforeEach(() => {
    box = sandbox(shell);
  });
  afterEach(() => {
    box.remove();
  });

  it('runs if its `unless` fails, with its environment; then there is nothing to do', () => {
    const state = want('state', { unless: `grep -q "$KBOOT_HOST it's" ${box.path('made')}` });
    const action = box.plan(state);
    expect(action).toMatchObject({
      verb: 'run',
      reason: 'before runtime',
      command: `echo "$KBOOT_HOST it's" > ${box.path('made')}`,
    });
    expect(box.apply(action).status).toBe(0);
    expect(box.text(box.path('made'))).toBe("w 1 it's\n");
    expect(box.plan(state)).toBeUndefined();
  });

  it('is not asked while planning unless it may be; applied, it asks first', () => {
    const made = box.path('made');
    const state = want('state', { unless: `touch ${box.path('asked')}; test -e ${made}`, mayAsk: false });
    const action = box.plan(state);
    expect(action).toMatchObject({ verb: 'run', unless: state.unless });
    expect(existsSync(box.path('asked'))).toBe(false);
    expect(box.apply(action).status).toBe(0);
    expect(existsSync(box.path('asked'))).toBe(true);
    box.write(made, 'kept');
    expect(box.apply(box.plan(state)).status).toBe(0);
    expect(box.text(made)).toBe('kept');
  });

  it('is due without `unless`, or if that cannot be run', () => {
    const odd = want('odd', { unless: 'exit 3\nno such (shell' });
    expect(box.observe(want('plain'), odd)).toEqual([{ state: 'absent' }, { state: 'absent' }]);
  });

  it('stops at the first command that fails', () => {
    const action = box.plan(want('fails', { run: `false\ntouch ${box.path('after')}` }));
    expect(box.apply(action).status).not.toBe(0);
    expect(existsSync(box.path('after'))).toBe(false);
  });
});
