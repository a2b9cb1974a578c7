import { expect } from 'vitest';
import type { Desire } from '../../../src/desire/context.ts';
import { desireHost } from '../../../src/desire/host.ts';
import { objectKey, type KubeObject } from '../../../src/kube/types.ts';
import { etcdDataDir, etcdHosts, type Cluster, type Host } from '../../../src/model/cluster.ts';
import { cordonedBy } from '../../../src/model/cordon.ts';
import { staticPodComponents, type StaticPodComponent } from '../../../src/model/component.ts';
import { assumedFacts } from '../../../src/model/facts.ts';
import type { Inspection } from '../../../src/model/inspection.ts';
import type { HostObservation } from '../../../src/observe/probe.ts';
import type { Known } from '../../../src/plan/decide.ts';
import type { Observed } from '../../../src/plan/observed.ts';
import type { Step } from '../../../src/plan/types.ts';
import { atOnce } from '../../../src/plan/upgrade/workers.ts';
import { resourceId } from '../../../src/resource/kinds.ts';
import { podProcess } from '../../../src/resource/static-pod.ts';
import type { Observation, Resource } from '../../../src/resource/types.ts';
import { good } from '../../samples/inspection.ts';
import { apiAsDesired, etcdHost, fresh, presentAs, settingsOf } from '../world.ts';

export type Age = 'old' | 'new';

/** How a component of a host begins. */
export interface Start {
  readonly age: Age;
  readonly down: boolean;
}

/** How a host begins; components that it does not run are ignored. */
export type HostStart = Readonly<Record<StaticPodComponent | 'kubelet', Start>> & {
  readonly cordon: 'none' | 'kboot' | 'other';
};

interface HostState {
  /** By resource id; not in it: absent. */
  readonly disk: Map<string, Age>;
  readonly fetched: Set<string>;
  /** Processes that run with the current files. */
  readonly marks: Set<string>;
  readonly running: Map<StaticPodComponent | 'kubelet', { age: Age; up: boolean; count: number }>;
  cordon: HostStart['cordon'];
  drains: number;
}

/**
 * A cluster between two versions, in memory: what decide sees of it, and what each step does to it. Throws where a step
 * would break the version skew policy, take a second member or API server down, or drain more workers than allowed.
 */
export class Simulation {
  readonly #old: Known;
  readonly #next: Known;
  readonly #hosts = new Map<string, HostState>();
  readonly #objects = new Map<string, Age>();
  #snapshots = 0;

  constructor(old: Known, next: Known, starts: ReadonlyMap<string, HostStart>) {
    this.#old = old;
    this.#next = next;
    for (const host of next.cluster.hosts) {
      const start = starts.get(host.name);
      if (start !== undefined) this.#hosts.set(host.name, this.#begin(host, start));
    }
  }

  get snapshots(): number {
    return this.#snapshots;
  }

  drainsOf(host: string): number {
    return this.#hosts.get(host)?.drains ?? 0;
  }

  cordonOf(host: string): HostStart['cordon'] | undefined {
    return this.#hosts.get(host)?.cordon;
  }

  /** Whether every component of every host runs at the new version. */
  get isDone(): boolean {
    return [...this.#hosts.values()].every(({ running }) =>
      [...running.values()].every(({ age, up }) => age === 'new' && up),
    );
  }

  /** The kubelet restarts static Pods that ended, and reads their present manifests. */
  settle(): void {
    for (const { disk, running } of this.#hosts.values())
      for (const [name, process] of running)
        if (name !== 'kubelet' && !process.up && running.get('kubelet')?.up === true) {
          process.up = true;
          process.age = disk.get(`static-pod ${name}`) ?? 'old';
        }
  }

  observe(): Observed {
    const { cluster, desire } = this.#next;
    const names = (running: (state: HostState) => boolean): string[] =>
      [...this.#hosts].flatMap(([name, state]) => (running(state) ? [name] : []));
    const members = etcdHosts(cluster).map(({ name }) => name);
    const healthy = names(({ running }) => running.get('etcd')?.up === true);
    const quorum = healthy.length > members.length / 2;
    const serving = names(({ running }) => quorum && running.get('kube-apiserver')?.up === true);
    return {
      ...fresh(this.#next),
      hosts: new Map(cluster.hosts.map((host) => [host.name, this.#observeHost(host)])),
      etcd: {
        hosts: etcdHosts(cluster).map((each) => ({
          ...etcdHost(each, [], 'present'),
          startedWith: {
            state: 'new' as const,
            initialCluster: etcdHosts(cluster).map(({ name, address }) => ({ name, address })),
          },
        })),
        members: quorum
          ? {
              state: 'present',
              members: members.map((name) => ({
                ...{ id: name, name, isLearner: false, clientURLs: ['https://x:2379'] },
                peerURLs: [`https://${cluster.hosts.find((each) => each.name === name)?.address ?? ''}:2380`],
              })),
              healthy: new Set(healthy),
            }
          : { state: 'unavailable', bootstrapped: true },
      },
      api:
        serving.length > 0 ? this.#observeApi() : { state: 'unavailable', why: 'no API server is listening' },
      served: new Map(
        serving.map((name) => [
          name,
          this.#version(this.#hosts.get(name)?.running.get('kube-apiserver')?.age),
        ]),
      ),
      snapshots: Array.from({ length: this.#snapshots }, () => ({
        to: desire.cluster.kubernetesVersion,
        ageSeconds: 60,
      })),
    };
  }

  /** What a step does, once it is allowed. */
  apply(step: Step, on: string | undefined): void {
    switch (step.type) {
      case 'etcd':
        this.#snapshots++;
        return;
      case 'apply':
        this.#objects.set(objectKey(step.object), 'new');
        if (step.object.metadata.name === 'kube-proxy' && step.object.kind === 'DaemonSet')
          this.#expectNewApiServers('kube-proxy');
        return;
      case 'node':
        this.#node(step.node, step.operation.kind);
        return;
      case 'shell': {
        const state = this.#hosts.get(on ?? '');
        if (state !== undefined) this.#shell(on ?? '', state, step);
        return;
      }
      // Nothing that this test looks at.
      case 'delete':
      case 'hook':
      case 'issue':
      case 'rewrite':
      case 'accounts':
      case 'patch':
    }
  }

  #begin(host: Host, start: HostStart): HostState {
    const isPlane = host.roles.includes('control-plane');
    const disk = new Map<string, Age>();
    const running: HostState['running'] = new Map();
    const marks = new Set(['containerd', 'etcd', 'haproxy', 'keepalived']);
    const nodeAge = start.kubelet.age;
    for (const resource of resourcesOf(this.#old, host)) disk.set(resourceId(resource), 'old');
    if (nodeAge === 'new')
      for (const resource of resourcesOf(this.#next, host))
        if (resource.kind !== 'static-pod') disk.set(resourceId(resource), 'new');
    for (const name of staticPodComponents) {
      marks.add(podProcess(name));
      if (!isPlane) continue;
      const { age, down } = start[name];
      disk.set(`static-pod ${name}`, age);
      running.set(name, { age, up: !down, count: 0 });
      if (age === 'new')
        for (const resource of resourcesOf(this.#next, host))
          if (resource.kind === 'image') disk.set(resourceId(resource), 'new');
    }
    running.set('kubelet', { age: nodeAge, up: !start.kubelet.down, count: 0 });
    marks.add('kubelet');
    return { disk, fetched: new Set(), marks, running, cordon: start.cordon, drains: 0 };
  }

  #observeHost(host: Host): HostObservation {
    const { cluster, desire } = this.#next;
    const state = this.#hosts.get(host.name);
    const isPlane = host.roles.includes('control-plane');
    const up = (name: StaticPodComponent): boolean => state?.running.get(name)?.up === true;
    const own: Partial<Inspection> = {
      clusterId: desire.clusterId ?? '',
      kubeletActive: state?.running.get('kubelet')?.up === true,
      settings: settingsOf(cluster, host),
      ...(isPlane && {
        etcdData: 'present',
        etcdDataDir: etcdDataDir(cluster),
        manifests: staticPodComponents.map((name) => `${name}.yaml`),
        podVersions: Object.fromEntries(
          staticPodComponents.map((name) => [name, this.#version(state?.disk.get(`static-pod ${name}`))]),
        ),
        listening: [
          ...(up('kube-apiserver') ? [{ port: 6443, program: 'kube-apiserver' }] : []),
          ...(up('etcd') ? [{ port: 2379, program: 'etcd' }] : []),
        ],
      }),
    };
    return {
      host: host.name,
      inspection: { ...good(host), ...own },
      observations: new Map(
        resourcesOf(this.#next, host).map((want) => [resourceId(want), this.#observeResource(host, want)]),
      ),
    };
  }

  #observeResource(host: Host, want: Resource): Observation<unknown> {
    const state = this.#hosts.get(host.name);
    const id = resourceId(want);
    const age = state?.disk.get(id);
    if (state === undefined || age === undefined) return { state: 'absent' };
    const known = age === 'new' ? this.#next : this.#old;
    const own = resourcesOf(known, host).find((each) => resourceId(each) === id);
    if (own === undefined) return { state: 'absent' };
    const seen = presentAs(known.desire, host, own);
    if (seen.state !== 'present') return seen;
    const found = seen.found as object;
    if (want.kind === 'unit')
      return {
        state: 'present',
        found: {
          ...found,
          current: state.marks.has(want.name),
          active: want.name !== 'kubelet' || state.running.get('kubelet')?.up === true,
        },
      };
    if (want.kind === 'static-pod')
      return { state: 'present', found: { ...found, current: state.marks.has(podProcess(want.name)) } };
    const isFile = want.kind === 'binary' || want.kind === 'archive';
    return isFile && state.fetched.has(want.artifact.sha256)
      ? { state: 'present', found: { ...found, fetched: true } }
      : seen;
  }

  #observeApi(): Observed['api'] {
    const old = apiAsDesired(this.#old.desired, this.#old.cluster.kubernetesVersion);
    const next = apiAsDesired(this.#next.desired, this.#next.cluster.kubernetesVersion);
    if (old.state !== 'present' || next.state !== 'present') throw new Error('they are present');
    const objects = new Map(
      [...old.objects.keys(), ...next.objects.keys()].flatMap((key): [string, KubeObject][] => {
        const live = (this.#objects.get(key) === 'new' ? next : old).objects.get(key);
        return live === undefined ? [] : [[key, live]];
      }),
    );
    const pods = new Map(
      [...next.pods].map(([name, pod]): [string, KubeObject] => {
        const [host, process] = this.#processOf(name);
        const status = process?.up === true ? 'True' : 'False';
        const containerID = `containerd://${name}-${host ?? ''}-${process?.count ?? 0}`;
        return [
          name,
          {
            ...pod,
            status: { conditions: [{ type: 'Ready', status }], containerStatuses: [{ containerID }] },
          },
        ];
      }),
    );
    const nodes = new Map(
      [...next.nodes].map(([name, node]): [string, KubeObject] => {
        const state = this.#hosts.get(name);
        const kubelet = state?.running.get('kubelet');
        const status = kubelet?.up === true ? 'True' : 'False';
        const cordoned = state !== undefined && state.cordon !== 'none';
        return [
          name,
          {
            ...node,
            metadata: {
              ...node.metadata,
              annotations: {
                ...node.metadata.annotations,
                ...(state?.cordon === 'kboot' && { [cordonedBy]: 'kboot' }),
              },
            },
            spec: { ...(node['spec'] as object), ...(cordoned && { unschedulable: true }) },
            status: {
              conditions: [{ type: 'Ready', status }],
              nodeInfo: { kubeletVersion: this.#version(kubelet?.age) },
            },
          },
        ];
      }),
    );
    return { state: 'present', objects, pods, nodes };
  }

  #processOf(pod: string): [string | undefined, { up: boolean; count: number } | undefined] {
    for (const name of staticPodComponents)
      for (const [host, { running }] of this.#hosts)
        if (pod === `${name}-${host}`) return [host, running.get(name)];
    return [undefined, undefined];
  }

  #shell(host: string, state: HostState, step: Step & { readonly type: 'shell' }): void {
    const { target } = step;
    if (target.kind === 'former' || !('name' in target)) return;
    const id = `${target.kind} ${target.name}`;
    if (step.id === `${host}: fetch ${id}`) {
      const want = resourcesOf(this.#next, this.#host(host)).find((each) => resourceId(each) === id);
      if (want?.kind === 'binary' || want?.kind === 'archive') state.fetched.add(want.artifact.sha256);
      return;
    }
    if (step.id === `${host}: starts kubelet`) {
      restart(state, 'kubelet', state.disk.get('binary /usr/bin/kubelet') ?? 'old');
      this.settle();
      return;
    }
    // The host's disk is written first: a crash after that finds it so.
    if (target.kind === 'binary' && target.name === '/usr/bin/kubelet')
      this.#expectNewApiServers(`the kubelet binary of ${host}`);
    state.disk.set(id, 'new');
    for (const process of step.disturbs ?? []) state.marks.delete(process);
    for (const { component } of step.effects) {
      if (component === 'etcd' || component === 'kube-apiserver') this.#expectOthersUp(host, component);
      if (component === 'kubelet') {
        const age = state.disk.get('binary /usr/bin/kubelet') ?? 'old';
        if (age === 'new') this.#expectNewApiServers(`the kubelet of ${host}`);
        restart(state, 'kubelet', age);
        state.marks.add('kubelet');
      } else if (isStaticPod(component) && state.running.has(component)) {
        restart(state, component, state.disk.get(`static-pod ${component}`) ?? 'old');
        state.marks.add(podProcess(component));
        if (
          component.endsWith('r') &&
          component !== 'kube-apiserver' &&
          state.running.get(component)?.age === 'new'
        )
          this.#expectNewApiServers(`${component} of ${host}`);
      } else state.marks.add(component);
    }
  }

  #node(name: string, operation: string): void {
    const state = this.#hosts.get(name);
    if (state === undefined) return;
    if (operation === 'uncordon' && state.cordon === 'kboot') state.cordon = 'none';
    if (operation !== 'drain') return;
    expect(state.running.get('kubelet')?.age, `${name} is drained although its kubelet is new`).toBe('old');
    if (state.cordon === 'none') state.cordon = 'kboot';
    state.drains++;
    const drained = [...this.#hosts].filter(([, { drains, cordon }]) => drains > 0 && cordon === 'kboot');
    expect(drained.length, `workers drained at the same time`).toBeLessThanOrEqual(
      atOnce(this.#next.cluster),
    );
  }

  #expectNewApiServers(who: string): void {
    for (const [host, { running }] of this.#hosts)
      if (running.has('kube-apiserver'))
        expect(running.get('kube-apiserver')?.age, `${who} is newer than the API server of ${host}`).toBe(
          'new',
        );
  }

  #expectOthersUp(host: string, component: StaticPodComponent): void {
    for (const [other, { running }] of this.#hosts)
      if (other !== host && running.has(component))
        expect(
          running.get(component)?.up,
          `${component} of ${host} restarts while that of ${other} is down`,
        ).toBe(true);
  }

  #host(name: string): Host {
    const host = this.#next.cluster.hosts.find((each) => each.name === name);
    if (host === undefined) throw new Error(`there is no ${name}`);
    return host;
  }

  #version(age: Age | undefined): string {
    return (age === 'new' ? this.#next : this.#old).cluster.kubernetesVersion;
  }
}

function restart(state: HostState, name: StaticPodComponent | 'kubelet', age: Age): void {
  const count = (state.running.get(name)?.count ?? 0) + 1;
  state.running.set(name, { age, up: true, count });
}

function isStaticPod(component: string): component is StaticPodComponent {
  return staticPodComponents.some((each) => each === component);
}

const cache = new WeakMap<Desire, Map<string, readonly Resource[]>>();

function resourcesOf({ desire }: Known, host: Host): readonly Resource[] {
  const own = cache.get(desire) ?? new Map<string, readonly Resource[]>();
  cache.set(desire, own);
  const known = own.get(host.name) ?? desireHost(desire, host, assumedFacts);
  own.set(host.name, known);
  return known;
}

/** A cluster of so many hosts, at a version. */
export function sizedCluster(
  base: Cluster,
  planes: number,
  workers: number,
  host: (name: string, address: string, ...roles: Host['roles'][number][]) => Host,
): Cluster {
  return {
    ...base,
    hosts: [
      ...Array.from({ length: planes }, (_, index) =>
        host(`cp-${index + 1}`, `10.0.0.1${index + 1}`, 'control-plane'),
      ),
      ...Array.from({ length: workers }, (_, index) =>
        host(`w-${index + 1}`, `10.0.0.2${index + 1}`, 'worker'),
      ),
    ],
  };
}
