import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { timeProbe } from '../../src/observe/units-probe.ts';
import { timeService } from '../../src/resource/time-service.ts';
import type { TimeServiceResource } from '../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

const file = '/etc/chrony/sources.d/kboot.sources';
const want = (wanted: boolean): TimeServiceResource => ({
  ...{ kind: 'time-service', stage: 'host', name: 'chrony', wanted, files: [file] },
});

/** A systemctl that answers with what it is given. */
function withSystemctl(box: Sandbox, show: string): string {
  const script = `#!/bin/sh\ncase $1 in show) printf '${show}' ;; is-enabled) echo enabled ;; esac\n`;
  box.write(box.path('bin/systemctl'), script, 0o755);
  return `PATH=${box.path('bin')}:$PATH\n`;
}

describe.each(shells)('time-service (%s)', (shell) => {
  function actionOf(
    wanted: boolean,
    show: string,
    marks: readonly string[],
    disturbed: readonly string[] = [],
  ) {
    const box = sandbox(shell, ['/etc/chrony']);
    for (const mark of marks) box.write(box.own(mark), mark === 'owned' ? `${box.path(file)}\n` : '');
    if (marks.includes('owned')) box.write(box.path(file), 'x');
    const { output } = box.run(withSystemctl(box, show) + timeService.query([want(wanted)]));
    const [seen] = timeService.read([want(wanted)], output.replaceAll(box.root, ''));
    if (seen === undefined || seen.state === 'unknown') throw new Error('it is read');
    box.remove();
    return timeService.action(want(wanted), seen, { disturbed: new Set(disturbed) });
  }
  const runs =
    'LoadState=loaded\\nActiveState=active\\nConditionResult=yes\\nConditionTimestampMonotonic=9\\n';
  const held = runs.replace('=active', '=inactive').replace('=yes', '=no');

  it('restarts only if it does not run with the current files', () => {
    expect(actionOf(true, runs, ['running/chrony'])).toBeUndefined();
    expect(actionOf(true, runs, [])).toMatchObject({ verb: 'restart', effects: [] });
    expect(actionOf(true, runs, ['running/chrony'], ['chrony'])).toMatchObject({ verb: 'restart' });
    expect(actionOf(true, runs.replace('=active', '=failed'), ['running/chrony'])).toMatchObject({
      verb: 'create',
    });
    expect(actionOf(true, 'LoadState=not-found\\nActiveState=inactive\\n', [])).toMatchObject({
      verb: 'create',
    });
  });

  it('does not start again and again what its own unit keeps from running, as in containers', () => {
    expect(actionOf(true, held, ['running/chrony'])).toBeUndefined();
    expect(actionOf(true, held.replace('Monotonic=9', 'Monotonic=0'), ['running/chrony'])).toMatchObject({
      verb: 'create',
    });
  });

  it("is left as the distribution has it once spec.ntp is gone: only kboot's files go", () => {
    expect(actionOf(false, runs, [])).toBeUndefined();
    const action = actionOf(false, runs, ['owned']);
    expect(action).toMatchObject({ verb: 'delete', effects: [] });
    expect(action?.script).toContain(`kb_disown ${file} && systemctl daemon-reload && systemctl try-restart`);
  });

  it('finds what is installed, for hosts on which nothing keeps the time', () => {
    const seen = (...installed: readonly string[]): string => {
      const box = sandbox(shell, ['/lib/systemd', '/usr/lib/systemd']);
      for (const path of installed) box.write(box.path(path), '#!/bin/sh\n', 0o755);
      const path = withSystemctl(box, '').replace(':$PATH', '');
      const { output } = box.run(path + timeProbe);
      box.remove();
      return output.trim();
    };
    expect(seen()).toBe('');
    expect(seen('lib/systemd/systemd-timesyncd')).toBe('timeProgram=timesyncd');
    expect(seen('bin/chronyd', 'lib/systemd/systemd-timesyncd')).toBe('timeProgram=chrony');
  });

  it('has a query that the shell accepts', () => {
    expect(
      spawnSync(shell, ['-n'], { input: timeService.query([want(true)]), encoding: 'utf8' }),
    ).toMatchObject({ status: 0, stderr: '' });
  });
});
