import { describe, expect, it } from 'vitest';
import { timer } from '../../src/resource/timer.ts';
import type { TimerResource } from '../../src/resource/types.ts';
import { sandbox, shells } from './sandbox.ts';

const want = (wanted: boolean): TimerResource => ({
  ...{ kind: 'timer', stage: 'etcd', name: 'kboot-x', wanted, files: ['/etc/x.timer', '/etc/x.secret'] },
});

function actionOf(wanted: boolean, output: string, disturbed: readonly string[] = []) {
  const [seen] = timer.read([want(wanted)], output);
  if (seen === undefined || seen.state === 'unknown') throw new Error('it is read');
  return timer.action(want(wanted), seen, { disturbed: new Set(disturbed) });
}

const waits = 'kboot-x timer enabled active current\nkboot-x file /etc/x.timer\n';

describe.each(shells)('the query of a timer in %s', (shell) => {
  it('asks systemd only about one that has a file, or once ran, and names the files that kboot wrote', () => {
    const box = sandbox(shell, ['/etc/systemd/system', '/etc/x']);
    const program = `case $1 in show) echo loaded ;; is-enabled) echo enabled ;; is-active) echo active ;; esac`;
    box.write(box.path('bin/systemctl'), `#!/bin/sh\necho >> ${box.path('asked')}\n${program}\n`, 0o755);
    const found = (): unknown => {
      const { output } = box.run(`PATH=${box.path('bin')}:$PATH\n${timer.query([want(true)])}`);
      const [seen] = timer.read([want(true)], output.replaceAll(box.path('/etc'), '/etc'));
      return seen?.state === 'present' ? seen.found : seen?.state;
    };
    expect(found()).toBe('absent');
    expect(box.text(box.path('asked'))).toBeUndefined();
    box.run(': > $KB/running/kboot-x');
    const state = { enabled: true, active: true, current: true };
    expect(found()).toEqual({ ...state, files: [] });
    box.run('rm $KB/running/kboot-x');
    box.write(box.path('/etc/systemd/system/kboot-x.timer'), '');
    for (const name of ['/etc/x.timer', '/etc/x.secret']) box.write(box.path(name), '');
    box.run(`printf '%s\\n' /etc/x.timer /etc/x.secret.old > $KB/owned`);
    expect(found()).toEqual({ ...state, current: false, files: ['/etc/x.timer'] });
    box.remove();
  });
});

describe('timer', () => {
  it('is started if it does not wait, is not enabled, or has older files', () => {
    expect(actionOf(true, waits)).toBeUndefined();
    expect(actionOf(true, '')).toMatchObject({ verb: 'create' });
    expect(actionOf(true, waits.replace('active', 'inactive'))).toMatchObject({ verb: 'create' });
    expect(actionOf(true, waits.replace('enabled', 'disabled'))).toMatchObject({ verb: 'update' });
    expect(actionOf(true, waits.replace('current', 'older'))).toMatchObject({ verb: 'update' });
    expect(actionOf(true, waits, ['kboot-x'])).toMatchObject({ verb: 'update', effects: [] });
  });

  it('is removed with the files that kboot wrote, and only those', () => {
    const action = actionOf(false, waits);
    expect(action).toMatchObject({ verb: 'delete' });
    expect(action?.script).toContain('kb_disown /etc/x.timer');
    expect(action?.script).not.toContain('x.secret');
    expect(actionOf(false, '')).toBeUndefined();
    // A timer of somebody else's that has the same name.
    expect(actionOf(false, 'kboot-x timer enabled active older\n')).toBeUndefined();
  });
});
