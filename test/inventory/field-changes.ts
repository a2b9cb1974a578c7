import { expect } from 'vitest';
import { stringify } from 'yaml';
import type { Desire } from '../../src/desire/context.ts';
import { parseInventory } from '../../src/inventory/parse.ts';
import { recordOf } from '../../src/inventory/record.ts';
import type { Inventory } from '../../src/inventory/schema.ts';
import type { Cluster } from '../../src/model/cluster.ts';
import type { EncryptionKeys, KeyMaterial } from '../../src/model/encryption.ts';
import { factsOf } from '../../src/model/inspection.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { clusterIdOf } from '../../src/pki/digest.ts';
import { withForeignEtcd } from '../../src/pki/foreign-etcd.ts';
import { createPki } from '../../src/pki/lookup.ts';
import type { KeyPair } from '../../src/pki/types.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { decide, type Known } from '../../src/plan/decide.ts';
import { desiredOn } from '../../src/plan/desired.ts';
import { stepsOf as planSteps } from '../../src/plan/steps.ts';
import type { Plan } from '../../src/plan/types.ts';
import { resourceId } from '../../src/resource/kinds.ts';
import type { Observation } from '../../src/resource/types.ts';
import { variableName } from '../../src/store/uploads.ts';
import { knownOf, running } from '../plan/world.ts';
import { unissued } from '../samples/desire.ts';
import { good } from '../samples/inspection.ts';
import { optionsFor } from '../samples/inventory-options.ts';
import { context, material } from '../samples/pki.ts';

/** An inventory, parsed. */
export type Data = Record<string, unknown>;
type Steps = readonly (string | number)[];

/** `spec.hosts[3].name` → spec, hosts, 3, name */
const stepsOf = (field: string): Steps =>
  [...field.matchAll(/[^.[\]]+/g)].map(([step]) => (/^\d+$/.test(step) ? Number(step) : step));

/** A copy with another value at `spec.hosts[3].name`; undefined: without the field. */
export function withField(data: Data, field: string, value: unknown): Data {
  const copy = structuredClone(data);
  const steps = stepsOf(field);
  let at = copy as Record<string | number, unknown>;
  for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as typeof at;
  const last = steps.at(-1) ?? '';
  if (value === undefined) Reflect.deleteProperty(at, last);
  else at[last] = value;
  return copy;
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

export interface Outcome {
  readonly disturbed: readonly string[];
  readonly refused: readonly string[];
  readonly plan: Plan;
}

/** What a plan does when a field changes on a cluster that runs as it was rendered. */
export async function outcomeOf(before: Data, after: Data): Promise<Outcome> {
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

/** A copy with other values at these fields. */
export const withFields = (data: Data, fields: Readonly<Record<string, unknown>>): Data =>
  Object.entries(fields).reduce((all, [field, value]) => withField(all, field, value), data);
