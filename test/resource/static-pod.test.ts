import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { staleStatus } from '../../src/resource/prelude.ts';
import type { StaticPodResource } from '../../src/resource/types.ts';
import { sandbox, shells, type Sandbox } from './sandbox.ts';

const taskFolder = '/run/containerd/io.containerd.runtime.v2.task/k8s.io';

describe.each(shells)('static Pod in %s', (shell) => {
  let box: Sandbox;
  const want = (text = 'kind: Pod\n'): StaticPodResource => ({
    kind: 'static-pod',
    stage: 'etcd',
    name: 'etcd',
    text,
  });
  const manifests = (): string => box.path('/etc/kubernetes/manifests');
  beforeEach(() => {
    box = sandbox(shell, ['/etc/kubernetes', taskFolder]);
    mkdirSync(manifests(), { recursive: true });
  });
  afterEach(() => {
    box.remove();
  });

  it('is installed atomically, with its mark, and then there is nothing to do', () => {
    const action = box.plan(want());
    expect(action).toMatchObject({ verb: 'create', reason: 'the kubelet starts it' });
    expect(box.apply(action)).toEqual({ status: 0, output: '' });
    expect(readdirSync(manifests())).toEqual(['etcd.yaml']);
    expect(box.mode(`${manifests()}/etcd.yaml`)).toBe('600');
    expect(box.text(box.own('running/pod-etcd'))).toBe('');
    expect(box.plan(want())).toBeUndefined();
  });

  it('is written outside the folder that the kubelet reads', () => {
    const path = box.plan(want())?.payload?.path ?? '';
    expect(path).toMatch(/^\/etc\/kubernetes\/[^/]+$/);
  });

  it('changes with its text, and refuses one that changed since the plan', () => {
    box.apply(box.plan(want()));
    const action = box.plan(want('kind: Pod # 2\n'));
    expect(action).toMatchObject({ verb: 'update', reason: 'the kubelet restarts it' });
    box.write(`${manifests()}/etcd.yaml`, 'by hand\n');
    expect(box.apply(action).status).toBe(staleStatus);
    expect(box.text(`${manifests()}/etcd.yaml`)).toBe('by hand\n');
    expect(box.apply(box.plan(want('kind: Pod # 2\n'))).status).toBe(0);
    expect(box.text(`${manifests()}/etcd.yaml`)).toBe('kind: Pod # 2\n');
  });

  it('gets its mode back without a restart', () => {
    box.apply(box.plan(want()));
    chmodSync(`${manifests()}/etcd.yaml`, 0o644);
    const action = box.plan(want());
    expect(action).toMatchObject({ verb: 'update', reason: 'mode 644 becomes 600' });
    expect(action).not.toHaveProperty('payload');
    expect(box.apply(action)).toEqual({ status: 0, output: '' });
    expect(box.plan(want())).toBeUndefined();
  });

  it('restarts if a file that it reads changes in this plan, or changed in an interrupted one', () => {
    box.apply(box.plan(want()));
    expect(box.plan(want(), ['pod-etcd'])).toMatchObject({
      ...{ verb: 'restart', reason: 'a file that it reads changes' },
    });
    expect(box.plan(want(), ['pod-kube-apiserver', 'etcd'])).toBeUndefined();
    box.run('kb_disturb pod-etcd');
    const action = box.plan(want());
    expect(action).toMatchObject({ verb: 'restart', reason: 'it may still run with former files' });
    if (action === undefined) return;
    const killed = {
      ...action,
      script: `ctr() { echo "$*" >> ${box.path('calls')}; [ "$4" != list ] || echo c1; }
crictl() { echo "crictl $*" >> ${box.path('calls')}; }\n${action.script}`,
    };
    expect(box.apply(killed).status).toBe(0);
    // The kubelet replaces a container that is gone without a back-off.
    expect(box.text(box.path('calls'))).toMatch(/tasks kill c1\n[^]*\ncrictl rm -f c1\n/);
    expect(box.plan(want())).toBeUndefined();
  });

  it('of another tool runs on if its container is younger than all that it reads, and restarts if it may not be', () => {
    const files = ['/etc/kubernetes/pki/etcd/server.crt', '/etc/kubernetes/etcd.conf'];
    const reading = { ...want(), reads: files };
    const tasks = box.path(taskFolder);
    const task = (id: string): string => `${tasks}/${id}/config.json`;
    /** `ctr` of a host on which these containers of the Pod exist. */
    const programs = (...ids: readonly string[]): void => {
      box.write(box.path('bin/ctr'), `#!/bin/sh\nprintf '%s\\n' ${ids.join(' ')}\n`, 0o755);
    };
    const planned = (): ReturnType<typeof box.plan> => {
      const { PATH = '' } = process.env;
      process.env['PATH'] = `${box.path('bin')}:${PATH}`;
      try {
        return box.plan(reading);
      } finally {
        process.env['PATH'] = PATH;
      }
    };
    const recorded = { verb: 'update', effects: [], reason: 'it runs with these files, which is recorded' };
    const later = (): void => {
      spawnSync('sleep', ['0.05']);
    };
    for (const path of files) box.write(box.path(path), 'x');
    box.write(`${manifests()}/etcd.yaml`, 'kind: Pod\n', 0o600);
    programs('c1', 'c2');
    later();
    expect(planned()).toMatchObject({ verb: 'restart' });
    box.write(task('c2'), '{}');
    expect(planned()).toMatchObject(recorded);
    box.write(task('c1'), '{}');
    expect(planned()).toMatchObject(recorded);
    later();
    chmodSync(box.path(files[1] ?? ''), 0o600);
    expect(planned()).toMatchObject({ verb: 'restart' });
    rmSync(tasks, { recursive: true });
    box.write(task('c3'), '{}');
    programs('c3');
    expect(planned()).toMatchObject(recorded);
    rmSync(box.path(files[0] ?? ''));
    expect(planned()).toMatchObject({ verb: 'restart' });
    box.write(box.path(files[0] ?? ''), 'x');
    later();
    box.write(task('c3'), '{}');
    expect(planned()).toMatchObject(recorded);
    later();
    box.write(`${manifests()}/etcd.yaml`, 'kind: Pod\n', 0o600);
    expect(planned()).toMatchObject({ verb: 'restart' });
    // Once it is recorded, a later change of mode does not count.
    later();
    box.write(task('c3'), '{}');
    expect(box.apply(planned()).status).toBe(0);
    chmodSync(box.path(files[1] ?? ''), 0o644);
    expect(planned()).toBeUndefined();
  });

  it('a change is complete once the new container runs in place of the old one, which is killed if necessary', () => {
    const calls = box.path('calls');
    const change = (formerRunsFor: number, kubelet = true): string => {
      box.apply(box.plan(want('kind: Pod\n')));
      const action = box.plan(want('kind: Pod # 2\n'));
      if (action === undefined) throw new Error('nothing to do');
      box.write(calls, '');
      // Containers: c1, the old one; once it has stopped, c2, which runs three checks later.
      const world = `systemctl() { ${kubelet ? ':' : 'return 3'}; }
sleep() { :; }
looks() { grep -c 'tasks list' ${calls}; }
former() { [ "$(looks)" -le ${formerRunsFor} ] && ! grep -q SIGKILL ${calls}; }
ctr() {
  echo "$*" >> ${calls}
  case "$*" in
    *'containers list'*) echo c1; former || echo c2 ;;
    *'tasks list'*) if former; then echo 'c1    77    RUNNING'; elif [ "$(looks)" -gt 6 ]; then echo 'c2  78  RUNNING'; fi ;;
    *'tasks kill'*) former ;;
  esac
}`;
      expect(box.apply({ ...action, script: `${world}\n${action.script}` })).toEqual({
        status: 0,
        output: '',
      });
      expect(box.text(`${manifests()}/etcd.yaml`)).toBe('kind: Pod # 2\n');
      expect(box.plan(want('kind: Pod # 2\n'))).toBeUndefined();
      return box.text(calls) ?? '';
    };
    const soon = change(3);
    expect(soon).not.toContain('SIGKILL');
    expect(soon.match(/tasks list/g)).toHaveLength(7);
    expect(change(100)).toMatch(/tasks kill c1[^]*tasks kill -s SIGKILL c1/);
    // Nothing would start it again.
    expect(change(100, false)).toBe('');
  });

  it('stops the Pod that hangs without it, when it changes', () => {
    box.apply(box.plan(want()));
    const script = (servesPod?: StaticPodResource['servesPod']): string =>
      box.plan({ ...want('kind: Pod # 2\n'), ...(servesPod !== undefined && { servesPod }) })?.script ?? '';
    expect(script()).not.toContain('kube-apiserver');
    expect(script('kube-apiserver')).toMatch(
      /kb_install[^]*kb_containers kube-apiserver[^]*SIGKILL[^]*kb_running/,
    );
  });

  it('does not count as restarted if containerd does not respond', () => {
    box.apply(box.plan(want()));
    box.run('kb_disturb pod-etcd');
    const action = box.plan(want());
    if (action === undefined) throw new Error('nothing to do');
    expect(box.apply({ ...action, script: `ctr() { return 1; }\n${action.script}` }).status).not.toBe(0);
    expect(existsSync(box.own('running/pod-etcd'))).toBe(false);
  });

  it('a folder in place of the manifest is unknown', () => {
    mkdirSync(`${manifests()}/etcd.yaml`);
    expect(box.observe(want())).toMatchObject([{ state: 'unknown' }]);
  });
});
