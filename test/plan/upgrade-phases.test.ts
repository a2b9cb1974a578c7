import { setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ApplyContext } from '../../src/apply/context.ts';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { applyPlan, type ApplyResult } from '../../src/apply/run.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { savedPlanSchema } from '../../src/plan/saved/schema.ts';
import { seal } from '../../src/plan/saved/saved.ts';
import { gatesOf, isSerial, stepsOf } from '../../src/plan/steps.ts';
import type { Phase, Plan } from '../../src/plan/types.ts';
import type { HostConnection } from '../../src/transport/types.ts';
import { localHost, type LocalHost } from '../apply/local-host.ts';
import { etcdPki, gatewayMember, startEtcd, type EtcdPki, type FakeEtcd } from '../etcd/fake-etcd.ts';
import { fakePki, startApi, type FakeApi, type FakePki } from '../kube/api-server.ts';
import { connectTo } from '../local-stream.ts';
import { configMap, plan, planHost, savedContent } from '../samples/plan.ts';
import { upgradePhases, type UpgradeWork } from './upgrade-phases.ts';

const etcds = ['etcd-1', 'etcd-2', 'etcd-3'];
const planes = ['cp-1', 'cp-2', 'cp-3'];
const workers = ['w-1', 'w-2', 'w-3', 'w-4', 'w-5'];
const hosts = [...etcds, ...planes, ...workers];

function workWith(script: UpgradeWork['script'] = () => ':'): UpgradeWork {
  return { etcd: etcds, planes, workers, workersAtOnce: 2, objects: [configMap('kubeadm-config')], script };
}

function planOf(phases: readonly Phase[]): Plan {
  return plan({
    hosts: [
      ...etcds.map((name) => planHost(name, 'etcd')),
      ...planes.map((name) => planHost(name, 'control-plane')),
      ...workers.map((name) => planHost(name, 'worker')),
    ],
    phases,
  });
}

describe('the phases of an upgrade', () => {
  const phases = upgradePhases(workWith());
  const batches = (id: string): string[] =>
    (phases.find((each) => each.id === id)?.batches ?? []).map(({ tasks }) =>
      tasks.map(({ steps }) => steps.map((step) => step.id).join(', ')).join(' & '),
    );

  it('follow each other, each once the previous one has passed', () => {
    expect(phases.map(({ id, after }) => [id, after.map(({ phase, need }) => `${phase} ${need}`)])).toEqual([
      ['snapshot', []],
      ['fetch', ['snapshot all']],
      ['etcd', ['fetch all']],
      ['api-servers', ['etcd all']],
      ['controllers', ['api-servers all']],
      ['objects', ['controllers all']],
      ['kubelets', ['controllers all', 'objects all']],
      ['workers', ['kubelets all']],
    ]);
  });

  it('fetch on all hosts in parallel, without disturbing anything', () => {
    expect(batches('fetch')).toEqual([
      hosts.map((host) => `${host}: fetch files, ${host}: fetch images`).join(' & '),
    ]);
    const early = phases.slice(0, 2);
    expect(stepsOf({ phases: early }).flatMap(({ effects }) => effects)).toEqual([]);
  });

  it.each([
    ['etcd', etcds, 'etcd'],
    ['api-servers', planes, 'kube-apiserver'],
    ['kubelets', planes, 'kubelet'],
  ])('%s: one host after another, each with gates', (id, names, component) => {
    const phase = phases.find((each) => each.id === id);
    if (phase === undefined) throw new Error(id);
    expect(isSerial(phase)).toBe(true);
    expect(batches(id)).toEqual(names.map((name) => `${name}: ${component}`));
    for (const { gates } of phase.batches) expect(gates.length).toBeGreaterThan(0);
    expect(stepsOf({ phases: [phase] }).flatMap(({ effects }) => effects)).toEqual(
      names.map(() => ({ component, kind: 'restart' })),
    );
  });

  it('restore the old manifest of an API server if it fails', () => {
    const tasks = phases.find(({ id }) => id === 'api-servers')?.batches.flatMap((batch) => batch.tasks);
    expect(tasks?.map(({ rollback = [] }) => rollback.map((step) => step.id))).toEqual(
      planes.map((name) => [`${name}: restore kube-apiserver`]),
    );
  });

  it('drain and replace two workers at a time', () => {
    const one = (name: string): string =>
      [
        `cluster: cordon Node ${name}`,
        `cluster: drain Node ${name}`,
        `${name}: kubelet`,
        `cluster: uncordon Node ${name}`,
      ].join(', ');
    expect(batches('workers')).toEqual([
      `${one('w-1')} & ${one('w-2')}`,
      `${one('w-3')} & ${one('w-4')}`,
      one('w-5'),
    ]);
  });

  it('have unique ids, and are a plan that can be saved', () => {
    const ids = [...stepsOf({ phases }), ...gatesOf({ phases }), ...phases].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    const saved: unknown = JSON.parse(JSON.stringify(seal(savedContent({ plan: planOf(phases) }))));
    expect(savedPlanSchema.safeParse(saved).error).toBeUndefined();
  });
});

type Happened = ApplyEvent extends infer E ? (E extends unknown ? Omit<E, 'at'> : never) : never;

describe('applying an upgrade', () => {
  let certificates: { readonly kube: FakePki; readonly etcd: EtcdPki };
  let api: FakeApi;
  let etcd: FakeEtcd;
  let healthz: Server;
  let shared: string;
  let machines: Map<string, LocalHost>;
  let events: Happened[];
  let snapshots: string[];

  beforeAll(async () => {
    certificates = { kube: await fakePki(), etcd: await etcdPki() };
  }, 60_000);
  beforeEach(async () => {
    api = await startApi(certificates.kube);
    etcd = await startEtcd(
      certificates.etcd,
      etcds.map((name) => gatewayMember(name)),
    );
    const blob = Buffer.from('the data').toString('base64');
    etcd.answer = ({ verb }) =>
      verb === 'snapshot' ? { status: 200, body: `${JSON.stringify({ result: { blob } })}\n` } : undefined;
    healthz = createServer((_request, response) => response.writeHead(200).end('ok'));
    await new Promise<void>((resolve) => healthz.listen(0, '127.0.0.1', resolve));
    shared = mkdtempSync(join(tmpdir(), 'kboot-upgrade-'));
    machines = new Map(hosts.map((name) => [name, localHost()]));
    events = [];
    snapshots = [];
    for (const name of [...planes, ...workers]) api.objects.set(`/api/v1/nodes/${name}`, ready('Node', name));
    for (const name of planes)
      for (const component of ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) {
        const pod = `${component}-${name}`;
        api.objects.set(`/api/v1/namespaces/kube-system/pods/${pod}`, ready('Pod', pod));
      }
    api.objects.set('/api/v1/pods', { ...configMap('list'), items: [] });
    // Gates that look at several of them read these.
    for (const list of ['/api/v1/nodes', '/api/v1/namespaces/kube-system/pods']) {
      const items = [...api.objects].flatMap(([path, each]) => (path.startsWith(`${list}/`) ? [each] : []));
      api.objects.set(list, { ...configMap('list'), items });
    }
  });
  afterEach(async () => {
    for (const machine of machines.values()) machine.remove();
    rmSync(shared, { recursive: true });
    await Promise.all([api.close(), etcd.close(), new Promise((resolve) => healthz.close(resolve))]);
  });

  function ready(kind: string, name: string): KubeObject {
    const status = { conditions: [{ type: 'Ready', status: 'True' }] };
    return { apiVersion: 'v1', kind, metadata: { name }, spec: {}, status };
  }

  const machine = (name: string): LocalHost => {
    const found = machines.get(name);
    if (found === undefined) throw new Error(`no host ${name}`);
    return found;
  };
  const manifest = (name: string): string => machine(name).path('kube-apiserver.yaml');

  /** Replaces a host's API server through its manifest, which fails on `bad` hosts; others only write a log line. */
  const script =
    (bad: readonly string[] = []) =>
    (name: string, what: string): string => {
      const log = `echo '${what}' >> ${machine(name).path('log')}`;
      switch (what) {
        case 'fetch files':
          return `echo old > ${manifest(name)}; ${log}`;
        case 'kube-apiserver':
          return `echo new > ${manifest(name)}; ${log}${bad.includes(name) ? '; echo broken >&2; exit 3' : ''}`;
        case 'restore kube-apiserver':
          return `echo old > ${manifest(name)}; ${log}`;
        default:
          return log;
      }
    };

  function context(): ApplyContext {
    const connections = new Map(
      [...machines].map(([name, { writer }]): [string, HostConnection] => {
        const faces = {
          ...writer,
          host: name,
          forward: (_address: string, port: number) =>
            port === 2379
              ? etcd.connect()
              : port === 10248
                ? connectTo((healthz.address() as AddressInfo).port)
                : api.connect(),
          read: () => Promise.resolve({ stdout: '', stderr: '', exitCode: 0 }),
        };
        return [name, { reader: faces, writer: faces, close: () => Promise.resolve() }];
      }),
    );
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const absent = (): never => {
      throw new Error('not in this test');
    };
    return {
      connections,
      apiHosts: planes.map((host, index) => ({ host, address: `10.0.0.1${index + 1}` })),
      etcdHosts: etcds.map((host, index) => ({ host, address: `10.0.0.3${index + 1}` })),
      materials: () =>
        Promise.resolve({
          secret: absent,
          fact: absent,
          kubeCredentials: () => api.credentials,
          etcdCredentials: absent,
          snapshot: () => {
            throw new Error('not in this test');
          },
          bundle: undefined,
        }),
      etcdCredentials: () => Promise.resolve(certificates.etcd.credentials),
      stored: () => Promise.resolve(undefined),
      async keepSnapshot(blobs) {
        let text = '';
        for await (const blob of blobs) text += blob.toString();
        snapshots.push(text);
      },
      runHook: () => Promise.resolve(undefined),
      emit: (event) => events.push(event),
      signal,
    };
  }
  const run = (of: UpgradeWork): Promise<ApplyResult> => applyPlan(planOf(upgradePhases(of)), context());

  /** Position of an event among all; -1: it did not happen. */
  const at = (type: Happened['type'], id: string): number =>
    events.findIndex((event) => event.type === type && 'step' in event && event.step.id === id);
  const idsOf = (type: Happened['type']): string[] =>
    events.flatMap((event) => (event.type === type && 'step' in event ? [event.step.id] : []));

  it('keeps the order of phases and batches, gates included', async () => {
    const phases = upgradePhases(workWith(script()));
    const result = await run(workWith(script()));
    expect(result).toMatchObject({ failures: [], held: [], interrupted: false });
    expect(result.executed).toBe(stepsOf({ phases }).length);
    expect(snapshots).toEqual(['the data']);
    // Everything in a batch starts after everything in earlier batches.
    const batches = phases.flatMap((phase) => phase.batches);
    let before = -1;
    for (const { tasks, gates } of batches) {
      const steps = tasks.flatMap((task) => task.steps.map(({ id }) => id));
      for (const id of steps) expect(at('start', id), id).toBeGreaterThan(before);
      const stepsEnd = Math.max(...steps.map((id) => at('done', id)));
      for (const { id } of gates) expect(at('start', id), id).toBeGreaterThan(stepsEnd);
      before = Math.max(stepsEnd, ...gates.map(({ id }) => at('done', id)));
    }
    for (const name of planes)
      expect(machine(name).text('log')).toBe(
        [
          ...['fetch files', 'fetch images', 'kube-apiserver'],
          ...['kube-controller-manager', 'kube-scheduler', 'kubelet', ''],
        ].join('\n'),
      );
    expect(machine('etcd-2').text('log')).toBe('fetch files\nfetch images\netcd\n');
    expect(api.objects.has('/api/v1/namespaces/kube-system/configmaps/kubeadm-config')).toBe(true);
  });

  it('replaces exactly two workers at a time', async () => {
    const partner: Readonly<Record<string, string>> = {
      'w-1': 'w-2',
      'w-2': 'w-1',
      'w-3': 'w-4',
      'w-4': 'w-3',
    };
    // Each of a pair waits for the other: it ends only if both run at the same time.
    const meet = (name: string): string =>
      `touch ${join(shared, name)}; until [ -e ${join(shared, partner[name] ?? name)} ]; do sleep 0.05; done`;
    const result = await run(
      workWith((name, what) =>
        what === 'kubelet' && workers.includes(name) ? meet(name) : script()(name, what),
      ),
    );
    expect(result.failures).toEqual([]);
    expect(workers.every((name) => existsSync(join(shared, name)))).toBe(true);
    let running = 0;
    let most = 0;
    for (const event of events) {
      if (!('phase' in event) || event.phase !== 'workers') continue;
      running += event.type === 'task' ? 1 : -1;
      most = Math.max(most, running);
    }
    expect(most).toBe(2);
    for (const name of ['w-3', 'w-4'])
      for (const earlier of ['w-1', 'w-2'])
        expect(at('start', `cluster: cordon Node ${name}`)).toBeGreaterThan(
          at('done', `cluster: uncordon Node ${earlier}`),
        );
    const spec = (name: string): unknown => api.objects.get(`/api/v1/nodes/${name}`)?.['spec'];
    expect(workers.map(spec)).toEqual(workers.map(() => ({ unschedulable: false })));
  });

  it('a worker is drained when its kubelet is replaced, and uncordoned only after', async () => {
    await run(workWith(script()));
    for (const name of workers) {
      const order = [
        at('done', `cluster: cordon Node ${name}`),
        at('done', `cluster: drain Node ${name}`),
        at('start', `${name}: kubelet`),
        at('done', `${name}: kubelet`),
        at('start', `cluster: uncordon Node ${name}`),
      ];
      expect(order).toEqual(order.toSorted((one, other) => one - other));
      expect(order).not.toContain(-1);
    }
  });

  it('a failed API server gets its old manifest back, and nothing else is attempted', async () => {
    const result = await run(workWith(script(['cp-2'])));
    expect(result.failures).toMatchObject([
      {
        host: 'cp-2',
        stepId: 'cp-2: kube-apiserver',
        error: { code: 'E-STEP', context: { detail: 'broken' } },
      },
    ]);
    expect(result.held).toEqual(['cp-3']);
    expect(planes.map((name) => machine(name).text('kube-apiserver.yaml'))).toEqual([
      'new\n',
      'old\n',
      'old\n',
    ]);
    expect(machine('cp-2').text('log')).toBe(
      'fetch files\nfetch images\nkube-apiserver\nrestore kube-apiserver\n',
    );
    expect(at('done', 'cp-2: restore kube-apiserver')).toBeGreaterThan(at('failed', 'cp-2: kube-apiserver'));
    // cp-1 stays on the new version: it was healthy before the next one was changed.
    expect(at('done', 'cp-1: kube-apiserver')).not.toBe(-1);
    expect(idsOf('start')).not.toContain('cp-1: restore kube-apiserver');
    const later = upgradePhases(workWith())
      .slice(4)
      .flatMap((phase) => stepsOf({ phases: [phase] }).map(({ id }) => id));
    expect(idsOf('start').filter((id) => ['cp-3: kube-apiserver', ...later].includes(id))).toEqual([]);
    expect(idsOf('skipped')).toEqual(expect.arrayContaining(['cp-3: kube-apiserver', ...later]));
    for (const name of ['cp-3', ...workers])
      expect(machine(name).text('log')).toBe('fetch files\nfetch images\n');
  });

  it('a host that cannot fetch stops the upgrade before anything is replaced', async () => {
    const result = await run(
      workWith((name, what) => (name === 'w-4' && what === 'fetch images' ? 'exit 1' : script()(name, what))),
    );
    expect(result.failures).toMatchObject([{ host: 'w-4', stepId: 'w-4: fetch images' }]);
    const restarts = upgradePhases(workWith()).flatMap((phase) =>
      stepsOf({ phases: [phase] }).flatMap(({ id, effects }) => (effects.length > 0 ? [id] : [])),
    );
    expect(restarts).toHaveLength(3 + 3 + 6 + 3 + 5);
    expect(idsOf('start').filter((id) => restarts.includes(id))).toEqual([]);
  });
});
