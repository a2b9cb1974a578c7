import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { impacts } from '../../src/inventory/impact.ts';
import { impactOf } from '../../src/inventory/json-schema.ts';
import { isImpact, type Impact } from '../../src/model/impact.ts';
import { outcomeOf, withField, withFields, type Data, type Outcome } from './field-changes.ts';
import { everyField, samples } from './impact-samples.ts';

/*
 * Every field of the inventory is changed on a cluster that runs as it was rendered, and the plan does what
 * src/inventory/impact.ts states: exactly these components restart or reload, or the change is refused.
 */

/** Every field that has an impact, without indexes. */
function leavesOf(tree: object, path: string): string[] {
  if (isImpact(tree)) return [path];
  return Object.entries(tree).flatMap(([key, child]) =>
    leavesOf(child as object, path === '' ? key : `${path}.${key}`),
  );
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
