import { beforeAll, describe, expect, it } from 'vitest';
import type { Desire } from '../../../src/desire/context.ts';
import { encryptionBytes } from '../../../src/desire/encryption.ts';
import type { Cluster } from '../../../src/model/cluster.ts';
import type { Encryption, EncryptionConfig, KeyMaterial } from '../../../src/model/encryption.ts';

import type { EncryptionObservation } from '../../../src/observe/encryption.ts';
import { assemble } from '../../../src/plan/assemble.ts';
import { decide, type Decision } from '../../../src/plan/decide.ts';
import type { Observed } from '../../../src/plan/observed.ts';
import type { PlanScope } from '../../../src/plan/scope.ts';
import { gatesOf, stepsOf } from '../../../src/plan/steps.ts';
import type { Plan, Step } from '../../../src/plan/types.ts';
import { encryptionAsDesired, haCluster, issuedNow, knownOf, running, unreachable } from '../world.ts';

const planes = ['cp-1', 'cp-2', 'cp-3'];
const key = (byte: number): KeyMaterial => ({
  kind: 'key',
  secret: Buffer.alloc(32, byte).toString('base64'),
});
const secretbox = (name: string): Encryption => ({
  provider: 'secretbox',
  key: name,
  resources: ['secrets'],
});

let base: Desire;
beforeAll(async () => {
  base = await issuedNow(haCluster);
});

const with_ = (cluster: Cluster, keys: Readonly<Record<string, KeyMaterial>>): Desire => ({
  ...base,
  cluster,
  encryptionKeys: new Map(Object.entries(keys)),
});

/** A cluster that has one encryption, and an inventory with another. */
function decided(
  was: Encryption | undefined,
  wanted: Encryption | undefined,
  keys: Readonly<Record<string, KeyMaterial>>,
  {
    seen = {},
    scope = {},
    change = (observed: Observed) => observed,
  }: {
    seen?: Partial<EncryptionObservation>;
    scope?: Partial<PlanScope>;
    change?: (observed: Observed) => Observed;
  } = {},
): { readonly decision: Decision; readonly plan: Plan } {
  const clusterWith = (encryption: Encryption | undefined): Cluster => ({
    ...haCluster,
    ...(encryption && { encryption }),
  });
  const before = knownOf(with_(clusterWith(was), keys));
  const known = knownOf(with_(clusterWith(wanted), keys), scope);
  const observed = running(before);
  const decision = decide(
    known,
    change({ ...observed, encryption: { ...encryptionAsDesired(before), ...seen } }),
  );
  return { decision, plan: assemble(known, decision, 'live', []) };
}

const contents = (steps: readonly Step[]): string[] =>
  steps.flatMap((step) =>
    step.type === 'shell' &&
    step.payload?.content.kind === 'secret' &&
    step.payload.content.name.startsWith('encryption')
      ? [`${step.id.split(':')[0] ?? ''} ${step.payload.content.name.split('=')[1] ?? ''}`]
      : [],
  );
const shape = ({ phases }: Plan): Record<string, string[]> =>
  Object.fromEntries(
    phases.map(({ id, batches }) => [
      id,
      batches.map(({ tasks }) => tasks.flatMap(({ steps }) => steps.map((step) => step.id)).join(' + ')),
    ]),
  );

describe('a plan that turns encryption on', () => {
  it('goes through the API servers one after another, twice, and rewrites at the end', () => {
    const { decision, plan } = decided(undefined, secretbox('key1'), {});
    expect(decision.findings.filter(({ level }) => level === 'error')).toEqual([]);
    expect(decision.issue).toEqual(['encryption/secretbox-key1.key']);
    const path = 'file /etc/kubernetes/pki/encryption-config.yaml';
    expect(shape(plan)).toEqual({
      certificates: ['operator: certificates'],
      'encryption-read': planes.map(
        (name) => `${name}: ${path}, to read + ${name}: static-pod kube-apiserver, to read`,
      ),
      'encryption-write': planes.map(
        (name) => `${name}: ${path}, to write + ${name}: static-pod kube-apiserver, to write`,
      ),
      'encryption-rewrite': ['API: rewrite secrets'],
    });
    expect(contents(stepsOf(plan))).toEqual([
      ...planes.map((name) => `${name} identity,secretbox:key1`),
      ...planes.map((name) => `${name} secretbox:key1,identity`),
    ]);
    const ids = [...stepsOf(plan), ...gatesOf(plan)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('expects in each round the file of the round before, as far as its key is there already', () => {
    const expected = (keys: Readonly<Record<string, KeyMaterial>>): (string | undefined)[] =>
      stepsOf(decided(undefined, secretbox('key1'), keys).plan).flatMap((step) =>
        step.type === 'shell' && step.target.kind === 'file' && step.id.startsWith('cp-1')
          ? [/kb_expect \S+ (\w*)/.exec(step.script)?.[1]]
          : [],
      );
    expect(expected({})).toEqual(['absent', undefined]);
    const [first, second] = expected({ 'secretbox:key1': key(1) });
    expect(first).toBe('absent');
    expect(second).toMatch(/^[0-9a-f]{64}$/);
  });

  it('shows no key', () => {
    const { plan } = decided(undefined, secretbox('key1'), { 'secretbox:key1': key(1) });
    expect(JSON.stringify(plan)).not.toContain(
      key(1).kind === 'key' ? Buffer.alloc(32, 1).toString('base64') : '',
    );
  });
});

it('rotates the key in three rounds, and the former one leaves at the end', () => {
  const { plan } = decided(secretbox('key1'), secretbox('key2'), {
    'secretbox:key1': key(1),
    'secretbox:key2': key(2),
  });
  expect(contents(stepsOf(plan))).toEqual([
    ...planes.map((name) => `${name} secretbox:key1,secretbox:key2,identity`),
    ...planes.map((name) => `${name} secretbox:key2,secretbox:key1,identity`),
    ...planes.map((name) => `${name} secretbox:key2,identity`),
  ]);
  expect(gatesOf(plan)).toContainEqual(
    expect.objectContaining({ condition: { kind: 'stored-as', resource: 'secrets', as: 'secretbox:key2' } }),
  );
});

it('turns encryption off: the file goes once its API server no longer reads it', () => {
  const { plan } = decided(secretbox('key1'), undefined, { 'secretbox:key1': key(1) });
  const last = plan.phases.find(({ id }) => id === 'encryption-drop')?.batches[0]?.tasks[0]?.steps ?? [];
  expect(last.map(({ verb, target }) => `${verb} ${target.kind}`)).toEqual([
    'update static-pod',
    'delete file',
  ]);
  expect(contents(stepsOf(plan))).toEqual(planes.map((name) => `${name} identity,secretbox:key1`));
});

it('does nothing in the desired state', () => {
  const { plan } = decided(secretbox('key1'), secretbox('key1'), { 'secretbox:key1': key(1) });
  expect(stepsOf(plan)).toEqual([]);
});

it('only rewrites if etcd alone differs', () => {
  const stored = new Map([
    [
      'secrets',
      new Map([
        ['secretbox:key1', 5],
        ['identity', 2],
      ]),
    ],
  ] as const);
  const { plan } = decided(
    secretbox('key1'),
    secretbox('key1'),
    { 'secretbox:key1': key(1) },
    { seen: { stored } },
  );
  expect(stepsOf(plan).map(({ id }) => id)).toEqual(['API: rewrite secrets']);
});

describe('nothing changes, and the plan says why,', () => {
  const keys = { 'secretbox:key1': key(1), 'secretbox:key2': key(2) };
  const held = (more: NonNullable<Parameters<typeof decided>[3]>): Decision =>
    decided(secretbox('key1'), secretbox('key2'), keys, more).decision;

  it('if a control plane cannot be read', () => {
    const decision = held({
      change: (seen) => ({
        ...seen,
        hosts: new Map([...seen.hosts].filter(([name]) => name !== 'cp-3')),
        failed: new Map([['cp-3', unreachable('cp-3')]]),
      }),
    });
    expect(decision.encryption).toBeUndefined();
    expect(decision.changes).toEqual([]);
    expect(decision.warnings.join()).toContain('cp-3 could not be read');
  });

  it('with --limit', () => {
    const decision = held({ scope: { limit: ['cp-1'] } });
    expect(decision.encryption).toBeUndefined();
    expect(decision.warnings.join()).toContain('--limit excludes cp-2, cp-3');
  });

  it('without etcd', () => {
    expect(held({ seen: { stored: undefined } }).encryption).toBeUndefined();
  });
});

describe('it is refused', () => {
  const messages = ({ findings }: Decision): string[] =>
    findings.flatMap(({ check, message }) => (check === 'Encryption' ? [message] : []));

  it('if nobody has a key that etcd holds data of', () => {
    const stored = new Map([['secrets', new Map([['aescbc:lost', 3]])]] as const);
    const { decision } = decided(
      secretbox('key1'),
      secretbox('key1'),
      { 'secretbox:key1': key(1) },
      { seen: { stored } },
    );
    expect(messages(decision)).toEqual([
      'etcd holds data that is encrypted with aescbc:lost, which neither the state folder nor a control plane has',
    ]);
    expect(decision.encryption).toBeUndefined();
  });

  it('if two keys have one name', () => {
    const conflicts = [{ host: 'cp-2', key: 'secretbox:key1' }];
    const { decision } = decided(
      secretbox('key1'),
      secretbox('key1'),
      { 'secretbox:key1': key(1) },
      { seen: { conflicts } },
    );
    expect(messages(decision)).toHaveLength(1);
  });

  it('together with an upgrade', () => {
    const { decision } = decided(
      secretbox('key1'),
      undefined,
      { 'secretbox:key1': key(1) },
      {
        change: (seen) => ({ ...seen, served: new Map(planes.map((name) => [name, 'v1.36.1'])) }),
      },
    );
    expect(messages(decision)).toEqual([
      'spec.kubernetesVersion and spec.encryption change at the same time',
    ]);
    expect(decision.encryption).toBeUndefined();
  });
});

it('a control plane that joins writes as the others do, and reads everything', () => {
  const { decision } = decided(
    secretbox('key1'),
    secretbox('key2'),
    { 'secretbox:key1': key(1), 'secretbox:key2': key(2) },
    {
      change: (seen) => ({
        ...seen,
        encryption: seen.encryption && {
          ...seen.encryption,
          servers: new Map([
            ...seen.encryption.servers,
            ['cp-3', { isServer: false, uses: 'nothing', config: undefined, digest: undefined }],
          ]),
        },
      }),
    },
  );
  const own = decision.perHost
    .get('cp-3')
    ?.resources.find((each) => each.kind === 'file' && each.path.includes('encryption'));
  expect(own).toMatchObject({
    content: { name: 'encryption-config secrets=secretbox:key1,secretbox:key2,identity' },
  });
});

it('the bytes of a configuration are found by its name in plans', () => {
  const keys = new Map([['secretbox:key1', key(1)]]);
  const config: EncryptionConfig = { secrets: ['secretbox:key1', 'identity'] };
  const text = encryptionBytes(`encryption-config secrets=${config.secrets?.join() ?? ''}`, keys);
  expect(text).toBe(`apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources:
  - secrets
  providers:
  - secretbox:
      keys:
      - name: key1
        secret: ${Buffer.alloc(32, 1).toString('base64')}
  - identity: {}
`);
  expect(encryptionBytes('cp-1:sa.key', keys)).toBeUndefined();
});

it('goes on while the API does not answer, and records nothing that is held', () => {
  const keys = { 'secretbox:key1': key(1), 'secretbox:key2': key(2) };
  const silent = (seen: Observed): Observed => ({ ...seen, api: { state: 'unavailable', why: 'refused' } });
  const { plan } = decided(secretbox('key1'), secretbox('key2'), keys, { change: silent });
  expect(plan.phases.map(({ id }) => id)).toEqual(expect.arrayContaining(['api', 'encryption-write']));
  const record = (of: Plan): number => of.phases.filter(({ id }) => id === 'record').length;
  const blind = decided(secretbox('key1'), secretbox('key2'), keys, {
    change: silent,
    seen: { stored: undefined },
  });
  expect(record(blind.plan)).toBe(0);
});
