import { afterEach, describe, expect, it } from 'vitest';
import { diagnose, type DiagnoseAccess } from '../../../src/apply/diagnose/index.ts';
import type { Condition } from '../../../src/plan/types.ts';
import { failing, fakeHost, running, type FakeHost, type HostFiles } from './fake-host.ts';
import { crashing, event, fakeKube, list, pod } from '../../samples/diagnose.ts';

let hosts: FakeHost[] = [];
afterEach(() => {
  for (const host of hosts) host.remove();
  hosts = [];
});

async function linesOf(
  condition: Condition,
  files: Readonly<Record<string, HostFiles>>,
  answers: Readonly<Record<string, unknown>> = {},
  more: Partial<DiagnoseAccess> = {},
): Promise<string[]> {
  const connections = new Map(
    Object.entries(files).map(([name, each]) => {
      const host = fakeHost(name, each);
      hosts.push(host);
      return [name, host.connection];
    }),
  );
  const kube = fakeKube(answers);
  return (await diagnose(condition, { connections, kube: () => Promise.resolve(kube), ...more })).split('\n');
}

const units = { kubelet: { show: running, journal: 'the kubelet\n' }, containerd: { show: running } };
const kubeletLines = ['kubelet.service on cp-1: active (running); last lines:', '    the kubelet'];
const apiLog = 'kube-apiserver-cp-1_kube-system_kube-apiserver-1f.log';
const etcdLog = 'etcd-cp-1_kube-system_etcd-1f.log';

describe('an API server', () => {
  it('that crashes: its last lines and those of the previous run, etcd on the same host, the kubelet', async () => {
    const containers = { [`${apiLog}.1.log`]: 'before\n', [apiLog]: 'no etcd\n', [etcdLog]: 'no leader\n' };
    expect(await linesOf({ kind: 'api', host: 'cp-1' }, { 'cp-1': { containers, units } })).toEqual([
      'last lines of container kube-apiserver on cp-1:',
      '    no etcd',
      'last lines of the previous run of container kube-apiserver on cp-1:',
      '    before',
      'last lines of container etcd on cp-1:',
      '    no leader',
      ...kubeletLines,
    ]);
  });

  it('that never started: a containerd that does not run, and the kubelet', async () => {
    const down = { ...units, containerd: { show: failing } };
    expect(await linesOf({ kind: 'api', host: 'cp-1' }, { 'cp-1': { units: down } })).toEqual([
      'there is no kube-apiserver log on cp-1',
      'containerd.service on cp-1: activating (auto-restart), result exit-code, status 1, 12 restarts',
      ...kubeletLines,
    ]);
  });

  it('on any host: reads the hosts that run one, three at most', async () => {
    const names = ['w-1', 'cp-1', 'cp-2', 'cp-3', 'cp-4'];
    const files = Object.fromEntries(
      names.map((name) => [name, { containers: { [apiLog]: `of ${name}\n` } }]),
    );
    const apiHosts = names.slice(1).map((host) => ({ host }));
    const text = (await linesOf({ kind: 'api' }, files, {}, { apiHosts })).join('\n');
    expect(text.match(/ {4}of \S+/g)).toEqual(['    of cp-1', '    of cp-2', '    of cp-3']);
  });
});

describe('an etcd member', () => {
  const member = { kind: 'etcd-member', host: 'cp-1' } as const;
  it('that is a static Pod', async () => {
    expect(await linesOf(member, { 'cp-1': { containers: { [etcdLog]: 'no space\n' }, units } })).toEqual([
      'last lines of container etcd on cp-1:',
      '    no space',
    ]);
  });

  it('that is a unit', async () => {
    const files = { units: { etcd: { show: failing, journal: 'bad member\n' } } };
    expect(await linesOf(member, { 'cp-1': files })).toEqual([
      'etcd.service on cp-1: activating (auto-restart), result exit-code, status 1, 12 restarts; last lines:',
      '    bad member',
    ]);
  });

  it('that never started', async () => {
    expect(await linesOf(member, { 'cp-1': { units } })).toEqual([
      'there is no etcd log on cp-1',
      ...kubeletLines,
    ]);
  });

  it('on a host that is not connected', async () => {
    expect(await linesOf(member, {})).toEqual([
      'the logs of cp-1 could not be read: kboot is not connected to this host',
    ]);
  });
});

describe("a host's load balancer", () => {
  const balancer = { kind: 'load-balancer', host: 'cp-1', address: '10.0.0.11', port: 8443 } as const;
  it('that does not listen', async () => {
    const files = { units: { haproxy: { show: failing, journal: 'cannot bind\n' } } };
    expect(await linesOf(balancer, { 'cp-1': files })).toEqual([
      'nothing is listening on TCP port 8443 of cp-1',
      'haproxy.service on cp-1: activating (auto-restart), result exit-code, status 1, 12 restarts; last lines:',
      '    cannot bind',
      'keepalived.service is not installed on cp-1',
    ]);
  });

  it('where something listens', async () => {
    const listeners = 'LISTEN 0 511 0.0.0.0:8443 0.0.0.0:* users:(("nginx",pid=7,fd=6))\n';
    expect((await linesOf(balancer, { 'cp-1': { listeners } })).slice(0, 2)).toEqual([
      'listening on TCP port 8443 of cp-1:',
      '    LISTEN 0 511 0.0.0.0:8443 0.0.0.0:* users:(("nginx",pid=7,fd=6))',
    ]);
    expect(hosts[0]?.scripts[0]).toContain("ss -Hltnp 'sport = :8443'");
  });
});

describe('a Pod of the control plane', () => {
  const scheduler = {
    kind: 'pod-ready',
    host: 'cp-1',
    namespace: 'kube-system',
    name: 'kube-scheduler-cp-1',
  } as const;
  const path = '/api/v1/namespaces/kube-system/pods/kube-scheduler-cp-1';
  const log = 'kube-scheduler-cp-1_kube-system_kube-scheduler-1f.log';
  const live = pod('kube-scheduler-cp-1', {
    node: 'cp-1',
    containers: [crashing('kube-scheduler')],
    metadata: { annotations: { 'kubernetes.io/config.mirror': 'hash-1' } },
  });
  const title = 'Pod kube-system/kube-scheduler-cp-1 on cp-1: Running, not ready, 5 restarts';

  it('its state and events from the API, its log from the host', async () => {
    const answers = {
      [path]: live,
      '/api/v1/namespaces/kube-system/events?fieldSelector=involvedObject.uid%3Dhash-1&limit=500': list(
        event('Warning', 'BackOff', 'restarting'),
      ),
    };
    const files = { containers: { [log]: 'unknown flag\n' }, units };
    expect(await linesOf(scheduler, { 'cp-1': files }, answers)).toEqual([
      title,
      '  container kube-scheduler: waiting, CrashLoopBackOff: back-off 2m40s restarting failed container; last run: exit code 1 (Error)',
      '  Warning BackOff, at 2026-07-25T10:00:00Z: restarting',
      'last lines of container kube-scheduler on cp-1:',
      '    unknown flag',
      ...kubeletLines,
    ]);
  });

  it("that does not exist: the kubelet's log has the cause", async () => {
    expect(await linesOf(scheduler, { 'cp-1': { units } })).toEqual([
      'the API has no Pod kube-system/kube-scheduler-cp-1: the kubelet of cp-1 has not reported it',
      'there is no log of kube-scheduler-cp-1 on cp-1: its container never started',
      ...kubeletLines,
    ]);
  });

  it('on a host that is not connected: its log from the API', async () => {
    const answers = {
      [path]: live,
      '/api/v1/namespaces/kube-system/events': list(),
      [`${path}/log`]: 'unknown flag\n',
    };
    const lines = await linesOf(scheduler, {}, answers);
    expect(lines[0]).toBe(title);
    expect(lines.slice(2)).toEqual([
      '  last log lines of kube-scheduler:',
      '    unknown flag',
      'the logs of cp-1 could not be read: kboot is not connected to this host',
    ]);
  });
});
