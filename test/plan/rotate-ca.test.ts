import { beforeAll, expect, it } from 'vitest';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { createPki } from '../../src/pki/lookup.ts';
import { nextStem, rotationView, type RotationStage } from '../../src/pki/rotation.ts';
import type { Desire } from '../../src/desire/context.ts';
import { assemble } from '../../src/plan/assemble.ts';
import { decide } from '../../src/plan/decide.ts';
import { hostOf, tasksOf } from '../../src/plan/steps.ts';
import { targetText } from '../../src/plan/target.ts';
import type { Plan } from '../../src/plan/types.ts';
import { caSpec, context, leaves, makeCa, makeLeaf, material } from '../samples/pki.ts';
import { haCluster, issuedNow, knownOf, running } from './world.ts';

const cluster = haCluster;
const specs = certificatesFor(cluster);
let base: Desire;
let texts: ReadonlyMap<string, string>;
const reissued = new Map<string, string>();

beforeAll(async () => {
  const using = { ...context, now: new Date() };
  base = await issuedNow(cluster);
  const next = await makeCa({ ...caSpec(cluster, 'etcd-ca'), path: 'a new key' }, using);
  const stem = nextStem('etcd/ca');
  texts = new Map([
    ...(await material(cluster, using)),
    [`${stem}.crt`, next.cert],
    [`${stem}.key`, next.key],
  ]);
  for (const spec of leaves(specs))
    if (spec.ca === 'etcd-ca') reissued.set(`${spec.path}.crt`, (await makeLeaf(spec, next, using)).cert);
}, 120_000);

/** What is desired at a stage; undefined: before the exchange. */
function desireAt(stage: RotationStage | undefined): Desire {
  if (stage === undefined) return { ...base, pki: createPki(specs, texts) };
  const view = rotationView(specs, texts, { cas: ['etcd-ca'], stage });
  const all = new Map([...view.material, ...(stage === 'trust' ? [] : reissued)]);
  return { ...base, pki: createPki(specs, all, base.clusterId, view) };
}

/** The plan that takes hosts from one stage to the next. */
function planTo(stage: RotationStage, from: RotationStage | undefined): Plan {
  const known = knownOf(desireAt(stage));
  const before = running(knownOf(desireAt(from)));
  const seen = running(known, {
    changed: (host, { kind, ...resource }) =>
      kind === 'file' && 'path' in resource
        ? before.hosts.get(host)?.observations.get(`file ${resource.path}`)
        : undefined,
  });
  return assemble(known, decide(known, seen), 'live', []);
}

const stages: readonly (readonly [RotationStage, RotationStage | undefined, readonly string[]])[] = [
  ['trust', undefined, ['etcd/ca.crt']],
  ['sign', 'trust', ['apiserver-etcd-client.crt', 'etcd/ca.crt', 'etcd/ca.key', 'etcd/peer.crt']],
  ['retire', 'sign', ['etcd/ca.crt']],
];

it.each(stages)('stage %s: one control plane after another, and each is waited for', (stage, from, files) => {
  const plan = planTo(stage, from);
  const changed = new Set(
    plan.phases.flatMap((each) =>
      each.batches.flatMap(({ tasks }) =>
        tasks.flatMap(({ steps }) => steps.map(({ target }) => targetText(target))),
      ),
    ),
  );
  for (const file of files) expect([...changed]).toContain(`file /etc/kubernetes/pki/${file}`);
  expect([...changed].filter((target) => /w-1|kubelet/.test(target))).toEqual([]);

  const disturbing = plan.phases.filter((each) =>
    tasksOf([each]).some(({ steps }) =>
      steps.some(({ effects }) => effects.some(({ component }) => component === 'etcd')),
    ),
  );
  expect(disturbing.map(({ id }) => id)).toEqual(['rollout']);
  const [rollout] = disturbing;
  expect(rollout?.batches.map(({ tasks }) => tasks.map(({ on }) => hostOf(on)))).toEqual([
    ['cp-1'],
    ['cp-2'],
    ['cp-3'],
  ]);
  for (const { tasks, gates } of rollout?.batches ?? []) {
    const restarted = tasks.flatMap(({ steps }) =>
      steps.flatMap(({ effects }) => effects.map((each) => each.component)),
    );
    expect(restarted).toEqual(expect.arrayContaining(['etcd', 'kube-apiserver']));
    expect(gates.map(({ condition }) => condition.kind)).toEqual(
      expect.arrayContaining(['etcd-member', 'api']),
    );
  }
});
