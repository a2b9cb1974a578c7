import { securityFilesOf } from '../../src/desire/text/hardened.ts';
import { portsOf } from '../../src/plan/preflight/ports.ts';
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { desireCluster } from '../../src/desire/cluster.ts';
import { desireHost } from '../../src/desire/host.ts';
import { paths } from '../../src/desire/text/paths.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import {
  etcdHosts,
  hasExternalEtcd,
  isNode,
  loadBalancerHosts,
  type Cluster,
  type Host,
} from '../../src/model/cluster.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { stages } from '../../src/model/stage.ts';
import { manifestPath } from '../../src/resource/static-pod.ts';
import type { Resource } from '../../src/resource/types.ts';
import { unissued } from '../samples/desire.ts';
import { optionsFor } from '../samples/inventory-options.ts';
import { read, root } from './documents.ts';
import { expandBraces, tableOf } from './tables.ts';

const page = read('docs/how-a-cluster-is-made.md');

/** The terms in the column "on". */
const groups: Readonly<Record<string, (cluster: Cluster, host: Host) => boolean>> = {
  'all hosts': () => true,
  nodes: (_cluster, host) => isNode(host),
  'control planes': (_cluster, host) => host.roles.includes('control-plane'),
  'first control plane': ({ hosts }, host) =>
    hosts.find(({ roles }) => roles.includes('control-plane')) === host,
  'etcd members': (cluster, host) => etcdHosts(cluster).includes(host),
  'etcd hosts': (_cluster, host) => host.roles.includes('etcd'),
  'stacked control planes': (cluster, host) =>
    !hasExternalEtcd(cluster) && host.roles.includes('control-plane'),
  'control planes with own etcd': (cluster, host) =>
    cluster.etcd.external === undefined && host.roles.includes('control-plane'),
  'control planes with that audit log': (cluster, host) =>
    host.roles.includes('control-plane') && securityFilesOf(cluster).includes('audit'),
  'load balancers': (cluster, host) => loadBalancerHosts(cluster).includes(host),
};

interface Lying {
  readonly cluster: Cluster;
  readonly host: Host;
  readonly path: string;
  readonly stage: string;
}

/** Everything that any example inventory puts on a host. */
const lying: readonly Lying[] = examples().flatMap((cluster) =>
  cluster.hosts.flatMap((host) =>
    desireHost(unissued(cluster), host, assumedFacts).flatMap((resource) =>
      pathOf(resource).map((path) => ({ cluster, host, path, stage: resource.stage })),
    ),
  ),
);

/** The example inventories, without the operators' own files and hooks. */
function examples(): readonly Cluster[] {
  const names = readdirSync(`${root}/inventories`).filter((name) => name.endsWith('.yaml'));
  return names.map((name) => {
    const file = `/repo/inventories/${name}`;
    const { cluster } = parseInventory(read(`inventories/${name}`), optionsFor(file));
    if (cluster === undefined) throw new Error(`${name} is not valid`);
    return { ...cluster, files: [], hooks: [] };
  });
}

function pathOf(resource: Resource): readonly string[] {
  if (resource.kind === 'archive') return [`${resource.destination}/`];
  if (resource.kind === 'static-pod') return [manifestPath(resource.name)];
  if (resource.kind === 'client-certificate') return [paths.kubeletClientPem];
  return 'path' in resource ? [resource.path] : [];
}

describe('docs/how-a-cluster-is-made.md', () => {
  const rows = tableOf(page, 'path').flatMap((row) =>
    expandBraces((row['path'] ?? '').replaceAll('`', '')).map((path) => ({
      path,
      on: (row['on'] ?? '').split(', '),
      stages: (row['stage'] ?? '').split(', '),
    })),
  );

  it('lists exactly the paths that are put on hosts', () => {
    const sorted = (all: readonly string[]): readonly string[] => [...new Set(all)].sort();
    expect(sorted(rows.map(({ path }) => path))).toEqual(sorted(lying.map(({ path }) => path)));
    expect(rows.length).toBe(new Set(rows.map(({ path }) => path)).size);
  });

  it.each(rows)('$path lies on $on', ({ path, on, stages: named }) => {
    const here = lying.filter((each) => each.path === path);
    const clusters = new Set(lying.map(({ cluster }) => cluster));
    const wrong = [...clusters].flatMap((cluster) =>
      cluster.hosts
        .filter((host) => {
          const promised = on.some((group) => groups[group]?.(cluster, host) ?? false);
          return promised !== here.some((each) => each.host === host);
        })
        .map((host) => `${cluster.name}/${host.name}`),
    );
    expect(on.filter((group) => !(group in groups))).toEqual([]);
    expect(wrong).toEqual([]);
    expect([...new Set(here.map(({ stage }) => stage))].sort()).toEqual([...named].sort());
  });

  it('lists the stages in order', () => {
    expect(tableOf(page, 'stage').map(({ stage = '' }) => stage.replaceAll('`', ''))).toEqual(stages);
  });

  it('lists every port that preflight requires to be free, and every port in a rendered file', () => {
    const listed = new Set(tableOf(page, 'port').map(({ port = '' }) => /^\d+/.exec(port)?.[0] ?? port));
    const preflight = examples().flatMap((cluster) =>
      cluster.hosts.flatMap((host) => portsOf(host, cluster).map(({ port }) => ['', String(port)])),
    );

    const named = hostTexts().flatMap((text) => [
      ...text.matchAll(/(?:[\d.*\]]:|port: |Port: |-port=)(\d{4,5})\b/g),
    ]);
    const wanted = new Set(
      [...preflight, ...named, ...hostPorts().map((port) => ['', String(port)])].map(([, port = '']) => port),
    );
    expect([...wanted]).toEqual(
      expect.arrayContaining(['6443', '2379', '10250', '8404', '8443', '7472', '8081']),
    );
    expect([...wanted].filter((port) => !listed.has(port))).toEqual([]);
  });
});

interface Workload {
  readonly spec?: {
    readonly template?: {
      readonly spec: {
        readonly hostNetwork?: boolean;
        readonly containers: readonly { readonly ports?: readonly { readonly containerPort: number }[] }[];
      };
    };
  };
}

/** Ports of add-ons that use their host's network. */
function hostPorts(): readonly number[] {
  const workloads = examples().flatMap((cluster) => desireCluster(unissued(cluster)).objects);
  return workloads
    .flatMap(({ object }) => (object as Workload).spec?.template?.spec ?? [])
    .flatMap(({ hostNetwork, containers }) => (hostNetwork === true ? containers : []))
    .flatMap(({ ports = [] }) => ports.map(({ containerPort }) => containerPort));
}

/** Texts of files and static Pods that the examples put on hosts. */
function hostTexts(): readonly string[] {
  return examples().flatMap((cluster) =>
    cluster.hosts.flatMap((host) =>
      desireHost(unissued(cluster), host, assumedFacts).flatMap((resource) => {
        if (resource.kind === 'static-pod') return [resource.text];
        return resource.kind === 'file' && resource.content.kind === 'text' ? [resource.content.text] : [];
      }),
    ),
  );
}
