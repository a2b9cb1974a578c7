import { spawn, type ChildProcess } from 'node:child_process';
import http from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { drainNode } from '../../src/apply/drain.ts';
import { uncordonNode } from '../../src/apply/cordon.ts';
import type { KubeClient, KubeResponse } from '../../src/kube/client.ts';
import type { KubeObject } from '../../src/kube/types.ts';
import { KbootError } from '../../src/model/error.ts';
import { readUpgrade } from '../../src/observe/upgrade/read.ts';
import {
  upgradeFindings,
  upgradeNotes,
  type UpgradeCheckInput,
} from '../../src/plan/preflight/upgrade/index.ts';
import type { DrainPolicy } from '../../src/plan/types.ts';
import type { SiteHost } from '../lab/kboot.ts';
import { upgradingCluster } from '../samples/upgrade.ts';
import { bundleProgram, clusterSite, eventually, hasClusterBundle, unlessSkipped } from './cluster.ts';
import type { ClusterSite } from './cluster.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.60.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.60.21' },
  { name: 'w-2', roles: ['worker'], address: '10.79.60.22' },
];
const image = 'registry.k8s.io/pause:3.10.2';
const upgrading: DrainPolicy = {
  ...{ timeoutSeconds: 15, deleteEmptyDirData: true, force: false, leaves: 'serving' },
};

const container = { name: 'main', image, imagePullPolicy: 'Never' };
const meta = (name: string) => ({ name, namespace: 'default' });

function deployment(name: string, replicas: number, pod: object = {}): object {
  const labels = { app: name };
  const spec = { terminationGracePeriodSeconds: 1, containers: [container], ...pod };
  return {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta(name) },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
  };
}

function budget(app: string, rule: object): object {
  return {
    ...{ apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata: meta(app) },
    spec: { ...rule, selector: { matchLabels: { app } } },
  };
}

/** Everything that stops an upgrade half-way, but for what a lab host lacks. */
const trouble: readonly object[] = [
  deployment('never', 2, { nodeName: 'w-1' }),
  budget('never', { minAvailable: 2 }),
  deployment('fine', 2),
  budget('fine', { maxUnavailable: 1 }),
  deployment('only', 1, { nodeSelector: { 'kubernetes.io/hostname': 'w-2' } }),
  deployment('lonely', 1, { terminationGracePeriodSeconds: 40 }),
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: meta('bare'),
    spec: { nodeName: 'w-2', containers: [container] },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'disk' },
    spec: {
      ...{ capacity: { storage: '1Mi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'local' },
      local: { path: '/var/tmp' },
      claimRef: { namespace: 'default', name: 'data' },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['w-2'] }] },
          ],
        },
      },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: meta('data'),
    spec: {
      ...{ accessModes: ['ReadWriteOnce'], storageClassName: 'local', volumeName: 'disk' },
      resources: { requests: { storage: '1Mi' } },
    },
  },
  deployment('stateful', 1, {
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
  }),
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'gone' },
    webhooks: [
      {
        name: 'gone.example.com',
        ...{ sideEffects: 'None', admissionReviewVersions: ['v1'], failurePolicy: 'Fail' },
        clientConfig: { service: { namespace: 'default', name: 'gone' } },
        rules: [
          { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods/eviction'] },
        ],
      },
    ],
  },
];

/** kubectl's proxy on a socket of this machine, as the API's client. */
function proxied(socketPath: string): KubeClient {
  return {
    request: async (method, path, options = {}) =>
      await new Promise<KubeResponse>((resolve, reject) => {
        const type = options.contentType ?? 'application/json';
        const headers = options.body === undefined ? {} : { 'content-type': type };
        const request = http.request({ socketPath, method, path, headers }, (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('end', () => {
            const text = Buffer.concat(chunks).toString('utf8');
            const isJson = options.asText !== true && /^\s*\{/.test(text);
            const body: unknown = isJson ? JSON.parse(text) : text;
            resolve({ status: answer.statusCode ?? 0, body });
          });
        });
        request.on('error', reject);
        request.end(options.body === undefined ? undefined : JSON.stringify(options.body));
      }),
    close: () => undefined,
  };
}

const spec = {
  apiServer: {
    extraArgs: [
      { name: 'runtime-config', value: 'storage.k8s.io/v1beta1=true,scheduling.k8s.io/v1alpha2=true' },
      { name: 'feature-gates', value: 'GenericWorkload=true' },
    ],
  },
};

let site: ClusterSite;
let proxy: ChildProcess | undefined;
let kube: KubeClient;

const nodesOf = async (): Promise<ReadonlyMap<string, KubeObject>> => {
  const { body } = await kube.request('GET', '/api/v1/nodes');
  return new Map((body as { items: readonly KubeObject[] }).items.map((node) => [node.metadata.name, node]));
};

async function inputOf(to: string): Promise<UpgradeCheckInput> {
  const metrics = async (): Promise<string> =>
    String((await kube.request('GET', '/metrics', { asText: true })).body);
  const seen = await readUpgrade(kube, await nodesOf(), new Map([['cp-1', metrics]]));
  return {
    cluster: upgradingCluster,
    ...{ from: 'v1.36.2', to, drains: ['w-1', 'w-2'], seen, inspections: new Map() },
  };
}

const drain = async (policy: Partial<DrainPolicy> = {}): Promise<KbootError | undefined> => {
  const options = { pollMs: 500, signal: new AbortController().signal, waiting: () => undefined };
  try {
    await drainNode(kube, 'w-1', { ...upgrading, ...policy }, options);
    return undefined;
  } catch (error) {
    if (error instanceof KbootError) return error;
    throw error;
  }
};

/** What stops an upgrade half-way, on a real API server. The tests run in order, on one cluster. */
describe.skipIf(!hasClusterBundle)(`drains and what stands in their way${unlessSkipped}`, () => {
  beforeAll(async () => {
    site = await clusterSite('drain', hosts, { spec });
    const up = await site.kboot('up', ['--yes', '-o', 'json']);
    expect(up, up.stderr).toMatchObject({ exitCode: 0 });
    const socket = join(site.dir, 'api.sock');
    const argv = [bundleProgram('kubectl'), '--kubeconfig', await site.kubeconfig(), 'proxy'];
    const [program = '', ...args] = site.lab.inside([...argv, '--unix-socket', socket]);
    proxy = spawn(program, args, { stdio: 'ignore' });
    kube = proxied(socket);
    await eventually(20, nodesOf);
    await site.kube(['apply', '-f', '-'], trouble.map((object) => stringify(object)).join('---\n'));
    await site.kube(['get', '--raw', '/apis/storage.k8s.io/v1beta1/volumeattributesclasses']);
    await eventually(60, async () => {
      const pods = await site.kube(['get', 'pods', '-o', 'wide', '--no-headers']);
      expect(pods.split('\n').filter((line) => / 1\/1 +Running /.test(line))).toHaveLength(8);
      const budgets = await site.kube(['get', 'poddisruptionbudgets', '-o', 'json']);
      expect(budgets).toContain('"expectedPods": 2');
      expect(budgets).not.toContain('"expectedPods": 0');
    });
  });

  afterAll(async () => {
    proxy?.kill();
    await site.close();
  });

  test('everything that would stop an upgrade is found at once', async () => {
    const findings = upgradeFindings(await inputOf('v1.37.0'));
    expect(findings.map(({ check, level, host }) => `${check} ${level} ${host}`)).toEqual([
      'DeprecatedAPI error cp-1',
      'Webhook error cp-1',
      'PodDisruptionBudget error w-1',
      'BarePods error w-2',
    ]);
    expect(findings.map(({ message }) => message).join('\n')).toContain(
      'PodDisruptionBudget default/never (minAvailable 2; currentHealthy 2, desiredHealthy 2, disruptionsAllowed 0) can never be met',
    );
  });

  test('the plan of an upgrade reports it, and what happens to workloads', async () => {
    const inventory = await site.write('raised', { spec: { ...spec, kubernetesVersion: 'v1.36.3' } });
    // Without a bundle hosts would download the files; a plan only names them.
    const options = { inventory, env: { KBOOT_BUNDLE: '' } };
    const { exitCode, events, stderr } = await site.kboot('plan', ['-o', 'json'], options);
    const findings = events
      .filter(({ type }) => type === 'finding')
      .map(({ check, level, host }) => `${String(check)} ${String(level)} ${host ?? ''}`);
    expect({ exitCode, findings }, stderr).toEqual({
      exitCode: 5,
      findings: ['Webhook error cp-1', 'PodDisruptionBudget error w-1', 'BarePods error w-2'],
    });
    const { stdout } = await site.kboot('plan', ['--ignore-preflight', 'all'], options);
    expect(stdout).toContain('Deployment default/lonely (40 s at most to end)');
  });

  test('objects that the next version cannot read are found', async () => {
    const workload = {
      apiVersion: 'scheduling.k8s.io/v1alpha2',
      kind: 'Workload',
      metadata: meta('batch'),
      spec: { podGroupTemplates: [{ name: 'all', schedulingPolicy: { gang: { minCount: 2 } } }] },
    };
    await site.kube(['apply', '-f', '-'], stringify(workload));
    const findings = upgradeFindings(await inputOf('v1.37.0'));
    expect(findings.find(({ check }) => check === 'StoredObjects')?.message).toBe(
      '1 object of workloads in scheduling.k8s.io/v1alpha2, which Kubernetes v1.37 can neither serve nor read from etcd: default/batch',
    );
    expect(upgradeFindings(await inputOf('v1.36.3')).map(({ check }) => check)).not.toContain(
      'StoredObjects',
    );
  });

  test('the workloads that move, that are down meanwhile, and that stay are told', async () => {
    const notes = upgradeNotes(await inputOf('v1.36.3'));
    const [, alone = '', pinned = '', stay = ''] = notes;
    expect(alone).toContain('Deployment default/lonely (40 s at most to end)');
    expect(pinned).toMatch(/default\/only-\S+ on w-2 \(its nodeSelector names the node\)/);
    expect(pinned).toMatch(/default\/stateful-\S+ on w-2 \(PersistentVolume disk is there\)/);
    expect(stay).toContain('kube-system/kube-proxy');
  });

  test('a webhook without its program refuses the eviction, and the node serves on', async () => {
    const failure = await drain();
    expect(failure?.context.detail).toMatch(
      /^default\/never-\S+: the API answered 500: .*failed calling webhook "gone.example.com"/m,
    );
    expect(failure?.context.detail).not.toContain('PodDisruptionBudget');
    await site.kube(['delete', 'validatingwebhookconfiguration', 'gone']);
    await uncordonNode(kube, 'w-1');
    expect((await nodesOf()).get('w-1')?.['spec']).not.toHaveProperty('unschedulable');
  });

  test('a drain that a budget forbids names it, and the node serves on', async () => {
    const failure = await drain();
    expect(failure?.code).toBe('E-DRAIN');
    expect(failure?.context.detail).toMatch(
      /^default\/never-\S+: PodDisruptionBudget default\/never \(minAvailable 2; currentHealthy 2, desiredHealthy 2, disruptionsAllowed 0\) forbids it$/m,
    );
    const node = (await nodesOf()).get('w-1');
    expect(node?.['spec']).not.toHaveProperty('unschedulable');
    expect(node?.metadata.annotations).not.toHaveProperty('kboot.dev/cordoned-by');
  });

  test('a node that somebody else cordoned stays cordoned', async () => {
    await site.kube(['cordon', 'w-1']);
    expect((await drain({ timeoutSeconds: 2 }))?.code).toBe('E-DRAIN');
    expect((await nodesOf()).get('w-1')?.['spec']).toHaveProperty('unschedulable', true);
    await site.kube(['uncordon', 'w-1']);
  });

  test('a bare Pod is found before anything is evicted', async () => {
    const pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: meta('alone'),
      spec: { nodeName: 'w-1', containers: [container] },
    };
    await site.kube(['apply', '-f', '-'], stringify(pod));
    const failure = await drain();
    expect(failure?.message).toBe('1 Pod of Node w-1 may not be evicted: default/alone');
    await site.kube(['get', 'pod', 'alone']);
    await site.kube(['delete', 'pod', 'alone', '--grace-period=1']);
  });

  test('once the budget is relaxed, the node is drained', async () => {
    await site.kube(['delete', 'poddisruptionbudget,deployment', 'never']);
    expect(await drain({ timeoutSeconds: 90 })).toBeUndefined();
    expect((await nodesOf()).get('w-1')?.['spec']).toHaveProperty('unschedulable', true);
    const onNode = ['get', 'pods', '-A', '--field-selector=spec.nodeName=w-1', '-o', 'name'];
    // A Pod whose containers have ended is on its way out.
    await eventually(20, async () => {
      const left = await site.kube(onNode);
      expect(left.split('\n').filter((name) => !/kube-(proxy|flannel)/.test(name))).toEqual([]);
    });
    await uncordonNode(kube, 'w-1');
    expect((await nodesOf()).get('w-1')?.['spec']).not.toHaveProperty('unschedulable');
  });
});
