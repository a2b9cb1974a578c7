import { parse } from 'smol-toml';
import { expect, it } from 'vitest';
import { contentsOf } from '../../src/desire/bundle-contents.ts';
import { desireCluster } from '../../src/desire/cluster.ts';
import { releaseOf } from '../../src/desire/context.ts';
import { runtimeStage } from '../../src/desire/stages/runtime.ts';
import { containerdFiles } from '../../src/desire/text/containerd.ts';
import { runtimeTables } from '../../src/desire/text/runtimes.ts';
import { buildRuntimes } from '../../src/inventory/build-runtimes.ts';
import { collectionPath, objectPath } from '../../src/kube/paths.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { neededPrograms } from '../../src/model/runtime.ts';
import { runtimeProgramsThere } from '../../src/plan/preflight/runtimes.ts';
import { good } from '../samples/inspection.ts';
import { unissued } from '../samples/desire.ts';
import { contextOf, ha } from '../samples/text.ts';

const runsc = { url: 'https://example.com/runsc', sha256: 'ab'.repeat(32), path: '/usr/local/bin/runsc' };
const base = ha();
const worker = base.hosts.find(({ name }) => name === 'w-1');
const plane = base.hosts.find(({ name }) => name === 'cp-1');
if (worker === undefined || plane === undefined) throw new Error('no hosts');
const cluster: Cluster = {
  ...base,
  runtimes: buildRuntimes(
    [
      { name: 'gvisor', hosts: ['w-1'], overhead: { memory: '160Mi' }, files: [runsc] },
      { name: 'nvidia', labels: { nobody: 'has-it' } },
      { name: 'own', binary: '/opt/own', options: { Root: '/run/own' } },
    ],
    base.hosts,
  ),
};
const configOf = (host: typeof worker, of = cluster): unknown =>
  parse(containerdFiles(contextOf(of), host).find(({ path }) => path.endsWith('config.toml'))?.text ?? '');

it('selects nodes by name, by labels, or all of them', () => {
  expect(cluster.runtimes?.map(({ name, hosts }) => [name, hosts])).toEqual([
    ['gvisor', ['w-1']],
    ['nvidia', []],
    ['own', ['cp-1', 'cp-2', 'cp-3', 'w-1']],
  ]);
  const [labelled] = buildRuntimes(
    [{ name: 'nvidia', labels: { gpu: 'a100' } }],
    [
      { ...worker, labels: { gpu: 'a100', zone: 'a' } },
      { ...plane, labels: { gpu: 't4' } },
    ],
  );
  expect(labelled).toMatchObject({ hosts: ['w-1'], binary: '/usr/bin/nvidia-container-runtime' });
});

it('is a runtime of containerd on its hosts only, and the inventory has the last word', () => {
  expect(configOf(worker)).toMatchObject({
    plugins: {
      'io.containerd.cri.v1.runtime': {
        containerd: {
          default_runtime_name: 'runc',
          runtimes: {
            runc: { runtime_type: 'io.containerd.runc.v2' },
            gvisor: { runtime_type: 'io.containerd.runsc.v1' },
            own: {
              runtime_type: 'io.containerd.runc.v2',
              options: { BinaryName: '/opt/own', SystemdCgroup: true, Root: '/run/own' },
            },
          },
        },
      },
    },
  });
  expect(JSON.stringify(configOf(plane))).not.toContain('runsc');
  // One is not served what was made for the other.
  expect(JSON.stringify(configOf(worker))).toContain('runsc');
  const config = {
    plugins: {
      'io.containerd.cri.v1.runtime': { containerd: { runtimes: { own: { snapshotter: 'native' } } } },
    },
  };
  expect(JSON.stringify(configOf(worker, { ...cluster, containerd: { config } }))).toContain('native');
  expect(containerdFiles(contextOf(base), worker)[0]?.text).not.toContain('runtimes.own');
});

it("has the table of containerd 1.7's plugin for that version", () => {
  expect(runtimeTables(cluster, worker, 1, false)).toMatchObject({
    plugins: {
      'io.containerd.grpc.v1.cri': {
        containerd: { runtimes: { own: { options: { SystemdCgroup: false } } } },
      },
    },
  });
  expect(runtimeTables(base, worker, 1, false)).toEqual({});
});

it('has a RuntimeClass whose Pods go to nodes with its label', () => {
  const { objects, nodes, prunedKinds } = desireCluster(unissued(cluster));
  expect(objects.flatMap(({ object }) => (object.kind === 'RuntimeClass' ? [object] : []))[0]).toEqual({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name: 'gvisor', labels: { 'app.kubernetes.io/managed-by': 'kboot' } },
    handler: 'gvisor',
    scheduling: { nodeSelector: { 'runtime.kboot.dev/gvisor': 'true' } },
    overhead: { podFixed: { memory: '160Mi' } },
  });
  const labelled = nodes.filter(({ labels }) => labels['runtime.kboot.dev/gvisor'] === 'true');
  expect(labelled.map(({ name }) => name)).toEqual(['w-1']);
  expect(prunedKinds).toContainEqual({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass' });
});

it('has only objects, and kinds of them, that the client of the API knows', () => {
  const {
    objects,
    lateObjects,
    prunedKinds,
    retired = [],
  } = desireCluster(
    unissued({ ...cluster, metallb: { pools: [{ name: 'a', addresses: ['10.0.0.200-10.0.0.210'] }] } }),
  );
  const paths = [
    ...[...objects.map(({ object }) => object), ...lateObjects, ...retired].map(objectPath),
    ...prunedKinds.map(({ apiVersion, kind, namespace }) => collectionPath(apiVersion, kind, namespace)),
  ];
  expect(paths).toContain('/apis/node.k8s.io/v1/runtimeclasses/gvisor');
  expect(paths).toContain('/apis/node.k8s.io/v1/runtimeclasses');
});

it('installs the programs that it lists, from a bundle if that has them', () => {
  const desire = unissued(cluster);
  const binaryIn = (of: typeof desire, host = worker) =>
    runtimeStage(of, host, assumedFacts).find((each) => each.kind === 'binary' && each.path === runsc.path);
  expect(binaryIn(desire)).toMatchObject({
    artifact: { title: 'runsc', sha256: runsc.sha256, source: { kind: 'download', url: runsc.url } },
  });
  expect(binaryIn(desire, plane)).toBeUndefined();
  expect(contentsOf(cluster, releaseOf(desire)).programs).toEqual([runsc]);
  expect(contentsOf(base, releaseOf(desire)).programs).toEqual([]);
});

it('needs what it does not bring, and preflight names what is missing', () => {
  expect(neededPrograms(cluster, worker)).toEqual([
    { runtime: 'gvisor', program: 'containerd-shim-runsc-v1' },
    { runtime: 'own', program: '/opt/own' },
  ]);
  const seen = { ...good(worker), missingPrograms: ['containerd-shim-runsc-v1'] };
  expect(runtimeProgramsThere(worker, seen, cluster)).toMatchObject([
    {
      check: 'Runtime',
      level: 'error',
      message:
        'containerd-shim-runsc-v1 is not installed, and Pods of the RuntimeClass gvisor do not start without it',
      remedy: 'Install it on the host, or list it in files of the runtime gvisor in spec.runtimes.',
    },
  ]);
  const files: Cluster['files'] = [
    {
      ...{ path: '/usr/local/bin/containerd-shim-runsc-v1', mode: '755', stage: 'host', hosts: ['w-1'] },
      ...{ restarts: [], secret: false, content: { text: '' } },
    },
  ];
  expect(runtimeProgramsThere(worker, seen, { ...cluster, files })).toEqual([]);
  expect(runtimeProgramsThere(worker, good(worker), cluster)).toEqual([]);
});
