import { describe, expect, it } from 'vitest';
import { timer } from '../../src/resource/timer.ts';
import type { TimerResource } from '../../src/resource/types.ts';

const want = (wanted: boolean): TimerResource => ({
  ...{ kind: 'timer', stage: 'etcd', name: 'kboot-x', wanted, files: ['/etc/x.timer', '/etc/x.secret'] },
});

function actionOf(wanted: boolean, output: string, disturbed: readonly string[] = []) {
  const [seen] = timer.read([want(wanted)], output);
  if (seen === undefined || seen.state === 'unknown') throw new Error('it is read');
  return timer.action(want(wanted), seen, { disturbed: new Set(disturbed) });
}

const waits = 'kboot-x timer enabled active current\nkboot-x file /etc/x.timer\n';

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
