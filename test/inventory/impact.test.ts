import { expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { Desire } from '../../src/desire/context.ts';
import { impacts } from '../../src/inventory/impact.ts';
import { impactOf } from '../../src/inventory/json-schema.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { recordOf } from '../../src/inventory/record.ts';
import type { Inventory } from '../../src/inventory/schema.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import type { EncryptionKeys, KeyMaterial } from '../../src/model/encryption.ts';
import { isImpact, type Impact } from '../../src/model/impact.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { clusterIdOf } from '../../src/pki/digest.ts';
import { withForeignEtcd } from '../../src/pki/foreign-etcd.ts';
import { createPki } from '../../src/pki/lookup.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { desiredOn } from '../../src/plan/desired.ts';
import { factsOf } from '../../src/model/inspection.ts';
import { resourceId } from '../../src/resource/kinds.ts';
import type { Observation } from '../../src/resource/types.ts';
import { good } from '../samples/inspection.ts';
import { decide, type Known } from '../../src/plan/decide.ts';
import { stepsOf as planSteps } from '../../src/plan/steps.ts';
import type { Plan } from '../../src/plan/types.ts';
import { variableName } from '../../src/store/uploads.ts';
import { knownOf, running } from '../plan/world.ts';
import { unissued } from '../samples/desire.ts';
import { optionsFor } from '../samples/inventory-options.ts';
import { context, material } from '../samples/pki.ts';
import { everyField, samples } from './impact-samples.ts';

/*
 * Every field of the inventory is changed on a cluster that runs as it was rendered, and the plan does what
 * src/inventory/impact.ts states: exactly these components restart or reload, or the change is refused.
 */

type Data = Record<string, unknown>;
type Steps = readonly (string | number)[];

/** `spec.hosts[3].name` → spec, hosts, 3, name */
const stepsOf = (field: string): Steps =>
  [...field.matchAll(/[^.[\]]+/g)].map(([step]) => (/^\d+$/.test(step) ? Number(step) : step));

function withField(data: Data, field: string, value: unknown): Data {
  const copy = structuredClone(data);
  const steps = stepsOf(field);
  let at = copy as Record<string | number, unknown>;
  for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as typeof at;
  const last = steps.at(-1) ?? '';
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return copy;
}

/** Every field that has an impact, without indexes. */
function leavesOf(tree: object, path: string): string[] {
  if (isImpact(tree)) return [path];
  return Object.entries(tree).flatMap(([key, child]) =>
    leavesOf(child as object, path === '' ? key : `${path}.${key}`),
  );
}

function clusterOf(data: Data): Cluster {
  const { cluster, diagnostics } = parseInventory(stringify(data), optionsFor('/repo/cluster.yaml'));
  if (cluster === undefined) throw new Error(diagnostics.map(({ message }) => message).join('\n'));
  return cluster;
}

/** The certificates so far: a changed field issues only those whose contents it changes. */
const issued = new Map<string, KeyPair>();

async function desireOf(data: Data): Promise<Desire> {
  const cluster = clusterOf(data);
  const pki = createPki(
    certificatesFor(cluster),
    await material(cluster, { ...context, now: new Date() }, issued),
  );
  const client = (isFirst: boolean): KeyPair =>
    pki.certificate(isFirst ? 'front-proxy-client' : 'apiserver-kubelet-client');
  const withEtcd =
    cluster.etcd.external === undefined
      ? pki
      : withForeignEtcd(pki, {
          caPem: pki.signer(cluster.etcd.external.caFile === '/ca.crt' ? 'front-proxy-ca' : 'ca').cert,
          certificatePem: client(cluster.etcd.external.certFile === '/c.crt').cert,
          keyPem: client(cluster.etcd.external.keyFile === '/c.key').key,
        });
  return {
    ...unissued(cluster),
    encryptionKeys: keysFor(cluster),
    pki: withEtcd,
    clusterId: clusterIdOf(pki.signer('ca').cert),
    uploads: new Map(
      [
        '/policy.yaml',
        '/authentication.yaml',
        '/authorization.yaml',
        '/srv/own.conf',
        '/ca.crt',
        '/other.crt',
        '/password',
        '/other',
        variableName('PASSWORD'),
      ].map((name) => {
        const text = name === '/srv/own.conf' ? 'two' : name.endsWith('.yaml') ? 'kind: Own\n' : name;
        return [name, { bytes: Buffer.from(text), sha256: '', text }];
      }),
    ),
    record: recordOf(data as Inventory),
  };
}

/** Every key that the samples name. */
function keysFor({ encryption }: Cluster): EncryptionKeys {
  const secret = Buffer.alloc(32).toString('base64');
  const made = ['secretbox:key1', 'secretbox:key2', 'aescbc:key1'];
  return new Map<string, KeyMaterial>([
    ...made.map((key) => [key, { kind: 'key', secret }] as const),
    ['kms:kms', { kind: 'kms', endpoint: 'unix:///run/kms/one.sock', timeout: '3s' }],
    ...(encryption?.kms === undefined
      ? []
      : [[`kms:${encryption.key}`, { kind: 'kms', ...encryption.kms }] as const]),
  ]);
}

/** Resources that did not exist before the change. */
function absentOn({ desire, scope, cluster }: Known, name: string): [string, Observation<unknown>][] {
  const host = cluster.hosts.find((each) => each.name === name);
  return host === undefined
    ? []
    : desiredOn(desire, scope, host, factsOf(good(host), host.address)).map((resource) => [
        resourceId(resource),
        { state: 'absent' },
      ]);
}

interface Outcome {
  readonly disturbed: readonly string[];
  readonly refused: readonly string[];
  readonly plan: Plan;
}

/** What a plan does when a field changes on a cluster that runs as it was rendered. */
async function outcomeOf(before: Data, after: Data): Promise<Outcome> {
  const was = knownOf(await desireOf(before));
  const now = knownOf(await desireOf(after));
  const seen = running(was);
  const renamed = now.cluster.hosts.map(
    ({ name }, index) => [name, was.cluster.hosts[index]?.name ?? ''] as const,
  );
  const hosts = new Map(
    renamed.flatMap(([name, former]) => {
      const observed = seen.hosts.get(former);
      return observed === undefined
        ? []
        : [
            [
              name,
              {
                ...observed,
                host: name,
                observations: new Map([...absentOn(now, name), ...observed.observations]),
              },
            ],
          ];
    }),
  );
  const decision = decide(now, { ...seen, hosts });
  expect(decision.failed).toEqual(new Map());
  const plan = assemble(now, decision, 'live', []);
  const effects = planSteps(plan).flatMap((step) => step.effects);
  return {
    disturbed: [
      ...new Set(
        effects.flatMap(({ component, kind }) =>
          kind === 'start' ? [] : [`${kind === 'stop' ? 'restart' : kind} ${component}`],
        ),
      ),
    ].sort(),
    refused: decision.findings.filter(({ level }) => level === 'error').map(({ check }) => check),
    plan,
  };
}

const base = parse(everyField) as Data;
// With spec.hostsFrom, everyField would have no hosts.
const unchanged = [
  ...['apiVersion', 'kind', 'spec.hostsFrom.file'],
  ...['spec.hostsFrom.command', 'spec.hostsFrom.timeoutSeconds'],
];
const leaves = leavesOf(impacts, '').filter((path) => !unchanged.includes(path));
const fieldOf = (field: string): string => field.replaceAll(/\[\d+\]/g, '');

it('changes every field', () => {
  expect([...new Set(samples.map(([field]) => fieldOf(field)))].sort()).toEqual([...leaves].sort());
});

const withFields = (data: Data, fields: Readonly<Record<string, unknown>>): Data =>
  Object.entries(fields).reduce((all, [field, value]) => withField(all, field, value), data);

/** What a plan may do to running components, by the table: `restart kubelet`. */
function stated(impact: Impact, decided: readonly string[]): readonly string[] {
  switch (impact.impact) {
    case 'disturbs':
      return impact.disturbs.map(({ kind, component }) => `${kind} ${component}`).sort();
    case 'stated':
      return decided;
    case 'nothing':
    case 'new-nodes':
    case 'membership':
    case 'refused':
      return [];
  }
}

it.each(samples.map((sample) => [sample[0], sample] as const))(
  '%s',
  async (field, [, becomes, beside = {}, along = {}]) => {
    const impact = impactOf(fieldOf(field).split('.'));
    if (impact === undefined) throw new Error('no impact');
    const before = withFields(base, beside);
    const { disturbed, refused } = await outcomeOf(
      before,
      withFields(before, { [field]: becomes, ...along }),
    );
    const refusals = refused.filter((check) => check === 'ImmutableField' || check === 'KubernetesVersion');
    expect(refusals.length > 0).toBe(impact.impact === 'refused');
    if (impact.impact !== 'refused') expect(disturbed).toEqual(stated(impact, disturbed));
  },
);

it('restarts what the field restarts of a changed file names', async () => {
  const changed = withField(base, 'spec.files[0].content', 'two');
  expect((await outcomeOf(base, changed)).disturbed).toEqual(['restart kubelet']);
});

it('restarts the static Pods that mount a changed file, or name it in a flag', async () => {
  const audit = '/etc/kubernetes/pki/audit.yaml';
  const files = [
    { path: audit, content: 'one' },
    { path: '/srv/own/x', content: 'one' },
  ];
  const before = withFields(base, {
    'spec.files': files,
    'spec.apiServer.extraArgs': [{ name: 'audit-policy-file', value: audit }],
    'spec.scheduler.extraVolumes': [{ name: 'own', hostPath: '/srv/own', mountPath: '/own' }],
  });
  const changed = async (index: number): Promise<Outcome> =>
    await outcomeOf(before, withField(before, `spec.files[${index}].content`, 'two'));
  expect((await changed(0)).disturbed).toEqual(['restart kube-apiserver']);
  const { disturbed, plan } = await changed(1);
  expect(disturbed).toEqual(['restart kube-scheduler']);
  // One host after another.
  const rollout = plan.phases.find(({ id }) => id === 'rollout');
  expect(rollout?.batches.map(({ tasks }) => tasks.map(({ on }) => on))).toEqual(
    ['cp-1', 'cp-2', 'cp-3'].map((host) => [{ host }]),
  );
});

it('a plan states what each changed field does', async () => {
  const { plan } = await outcomeOf(base, withField(base, 'spec.networking.flannel.mtu', 1400));
  expect(plan.inventoryChanges).toEqual([
    {
      field: 'spec.networking.flannel.mtu',
      to: '1400',
      impact: impacts.spec.networking.flannel.mtu,
    },
  ]);
});
