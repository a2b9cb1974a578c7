import { describe, expect, it } from 'vitest';
import { addonRecordRef, type DesiredAddon } from '../../../src/kube/addons.ts';
import { refKey } from '../../../src/kube/scopes.ts';
import { objectTitle, type KubeObject } from '../../../src/kube/types.ts';
import type { ClusterObservation } from '../../../src/observe/cluster.ts';
import type { DryRun } from '../../../src/observe/addons.ts';
import { addonWarnings, diffAddons, type AddonChanges } from '../../../src/plan/diff/addons.ts';
import { appliedAddons, desiredAddons, objectOf, widgets } from '../../samples/addons.ts';

const configMap = objectOf('v1', 'ConfigMap', 'c', { data: { a: '1' } });
const secret = objectOf('v1', 'Secret', 's', { stringData: { password: 'hunter2' } });
const deployment = objectOf('apps/v1', 'Deployment', 'd', { spec: { replicas: 1 } });
const widget = objectOf('example.com/v1', 'Widget', 'w');
const namespace = objectOf('v1', 'Namespace', 'n');

const absent: ClusterObservation = { state: 'absent' };

/** `create ConfigMap default/c`, in order. */
function words({ opening, applies, deletes, closing }: AddonChanges): string[] {
  return [...opening, ...applies, ...deletes, ...closing].map(
    ({ verb, object }) => `${verb} ${objectTitle(object as KubeObject)}`,
  );
}

function changesOf(addons: readonly DesiredAddon[], seen: ClusterObservation): Record<string, string[]> {
  return Object.fromEntries(diffAddons(addons, seen).map((each) => [each.name, words(each)]));
}

/** The live object of the first add-on with another value. */
function changed(addons: readonly DesiredAddon[], index: number, more: object): Map<string, KubeObject> {
  const { objects } = appliedAddons(addons).addons;
  const object = addons[0]?.objects[index] as KubeObject;
  return new Map([...objects, [refKey(object), { ...(objects.get(refKey(object)) as KubeObject), ...more }]]);
}

const keyOf = (addons: readonly DesiredAddon[], index: number): string =>
  refKey(addons[0]?.objects[index] as KubeObject);

describe('diffAddons', () => {
  it('records an add-on before its first object exists', () => {
    const addons = desiredAddons({ a: [configMap, secret] }, { a: { namespace: 'own' } });
    const expected = {
      a: [
        'create ConfigMap kube-system/kboot-addon-a',
        'create Namespace own',
        'create ConfigMap own/c',
        'create Secret own/s',
      ],
    };
    expect(changesOf(addons, absent)).toEqual(expected);
    expect(changesOf(addons, appliedAddons([]))).toEqual(expected);
  });

  it('plans nothing for what is applied and healthy', () => {
    const addons = desiredAddons({ a: [configMap, secret, deployment, widgets, widget], b: [namespace] });
    expect(diffAddons(addons, appliedAddons(addons))).toEqual([]);
    expect(addonWarnings(addons, appliedAddons(addons))).toEqual([]);
  });

  it('shows a Secret by name and digest only', () => {
    const addons = desiredAddons({ a: [secret] });
    const [step] = diffAddons(addons, absent)[0]?.applies ?? [];
    expect(step).toMatchObject({ data: { name: 'add-on a: Secret default/s' } });
    const plan = JSON.stringify(
      diffAddons(
        addons,
        appliedAddons(addons, { objects: changed(addons, 0, { data: { password: 'b3RoZXI=' } }) }),
      ),
    );
    expect(plan).toContain('differs at data.password');
    for (const text of ['hunter2', 'aHVudGVyMg', 'b3RoZXI']) {
      expect(plan).not.toContain(text);
      expect(JSON.stringify(step)).not.toContain(text);
    }
  });

  it('shows what an apply would change, as the API says', () => {
    const addons = desiredAddons({ a: [configMap] });
    const objects = changed(addons, 0, { data: { a: '2', own: 'x' } });
    const result = { ...(objects.get(keyOf(addons, 0)) as KubeObject), data: { a: '1', own: 'x' } };
    const dryRuns = new Map<string, DryRun>([[keyOf(addons, 0), { result }]]);
    const [change] = diffAddons(addons, appliedAddons(addons, { objects, dryRuns }));
    expect(change?.applies).toMatchObject([{ verb: 'update', reason: 'differs at data.a' }]);
    expect(change?.applies[0]?.diff?.split('\n')).toEqual(expect.arrayContaining(['-  a: "2"', '+  a: "1"']));
  });

  it('another spelling of the same is no difference', () => {
    const limits = objectOf('apps/v1', 'Deployment', 'd', { spec: { cpu: '1000m' } });
    const addons = desiredAddons({ a: [limits] });
    const objects = changed(addons, 0, { spec: { cpu: '1' } });
    const result = objects.get(keyOf(addons, 0)) as KubeObject;
    expect(diffAddons(addons, appliedAddons(addons, { objects }))).toHaveLength(1);
    const dryRuns = new Map<string, DryRun>([[keyOf(addons, 0), { result: { ...result, status: {} } }]]);
    expect(diffAddons(addons, appliedAddons(addons, { objects, dryRuns }))).toEqual([]);
  });

  it('applies what could not be read, and what the API does not serve yet', () => {
    const addons = desiredAddons({ a: [widgets, widget] });
    const seen = appliedAddons(addons, {
      ...{ objects: new Map(), served: new Map(), unread: new Map([[keyOf(addons, 0), 'no webhook']]) },
    });
    expect(diffAddons(addons, seen)[0]?.applies.map(({ verb, reason }) => [verb, reason])).toEqual([
      ['update', 'applied unconditionally: it could not be read (no webhook)'],
      ['create', 'the API does not serve its kind yet'],
    ]);
    expect(changesOf(addons, { state: 'unavailable', why: 'x' })).toEqual({
      a: [
        'create ConfigMap kube-system/kboot-addon-a',
        'update CustomResourceDefinition widgets.example.com',
        'update Widget default/w',
      ],
    });
  });

  it('deletes and creates again what the API refuses to change, only then', () => {
    const job = objectOf('batch/v1', 'Job', 'j', { spec: { template: { a: 2 } } });
    const addons = desiredAddons({ a: [job] });
    const objects = changed(addons, 0, { spec: { template: { a: 1 } } });
    const of = (dry: DryRun): unknown =>
      diffAddons(addons, appliedAddons(addons, { objects, dryRuns: new Map([[keyOf(addons, 0), dry]]) }))[0]
        ?.applies[0];
    expect(of({ refused: 'immutable', isInvalid: true })).toMatchObject({ replaces: true });
    expect(of({ refused: 'webhook', isInvalid: false })).not.toHaveProperty('replaces');
  });

  it('a Job that its time to live removed is not made again, until it changes', () => {
    const job = (image: string): KubeObject =>
      objectOf('batch/v1', 'Job', 'j', { spec: { ttlSecondsAfterFinished: 0, image } });
    const addons = desiredAddons({ a: [job('x')] });
    const seen = appliedAddons(addons, { objects: new Map() });
    expect(changesOf(addons, seen)).toEqual({ a: [] });
    expect(changesOf(desiredAddons({ a: [job('y')] }), seen)).toEqual({
      a: ['create Job default/j', 'update ConfigMap kube-system/kboot-addon-a'],
    });
  });

  it('removes an object that the add-on no longer has, and keeps its record until then', () => {
    const before = desiredAddons({ a: [configMap, secret] });
    const now = desiredAddons({ a: [configMap, deployment] });
    const seen = appliedAddons(before);
    expect(changesOf(now, seen)).toEqual({
      a: [
        'update ConfigMap kube-system/kboot-addon-a',
        'create Deployment default/d',
        'delete Secret default/s',
        'update ConfigMap kube-system/kboot-addon-a',
      ],
    });
    const [first, last] = [diffAddons(now, seen)[0]?.opening[0], diffAddons(now, seen)[0]?.closing[0]];
    const kinds = (step: typeof first | typeof last): string[] =>
      step?.type === 'apply'
        ? ((step.object['data'] as { objects: string }).objects.match(/"kind":"\w+"/g) ?? [])
        : [];
    expect(kinds(first)).toEqual(['"kind":"Deployment"', '"kind":"ConfigMap"', '"kind":"Secret"']);
    expect(kinds(last)).toEqual(['"kind":"Deployment"', '"kind":"ConfigMap"']);
  });

  it('an object that moves to another add-on is not deleted', () => {
    const before = desiredAddons({ a: [configMap, secret] });
    const now = desiredAddons({ a: [secret], b: [configMap] });
    const changes = changesOf(now, appliedAddons(before));
    expect(changes['a']).toEqual(['update ConfigMap kube-system/kboot-addon-a']);
    expect(changes['b']).toEqual([
      'create ConfigMap kube-system/kboot-addon-b',
      'update ConfigMap default/c',
    ]);
  });

  it('an add-on that left goes, without what holds data, and the plan says what stays', () => {
    const before = desiredAddons({ a: [namespace, widgets, widget, deployment] });
    const seen = appliedAddons(before, { instances: new Map([['widgets.example.com', 3]]) });
    expect(changesOf([], seen)).toEqual({
      a: [
        'delete Deployment default/d',
        'delete Widget default/w',
        'delete ConfigMap kube-system/kboot-addon-a',
      ],
    });
    expect(addonWarnings([], seen)).toEqual([
      'add-on a: CustomResourceDefinition widgets.example.com (2 objects of its kind), Namespace n stay in the cluster, and kboot no longer keeps a record of them: they may hold data. If you do not need them, `kubectl delete` them; with prune: all, kboot would have deleted them',
    ]);
  });

  it('with prune: all, what holds data goes as well, and the plan says how much', () => {
    const before = desiredAddons({ a: [widgets] }, { a: { prune: 'all' } });
    const seen = appliedAddons(before, { instances: new Map([['widgets.example.com', 3]]) });
    expect(diffAddons([], seen)[0]?.deletes).toMatchObject([
      { reason: 'its add-on is no longer in the inventory, with 3 objects of its kind' },
    ]);
    expect(addonWarnings([], seen)).toEqual([]);
  });

  it("Helm's annotation keeps an object, and another owner's label does", () => {
    const kept = {
      ...configMap,
      metadata: { name: 'c', annotations: { 'helm.sh/resource-policy': 'keep' } },
    };
    const before = desiredAddons({ a: [kept, secret] });
    const objects = changed(before, 1, { metadata: { name: 's', labels: { 'kboot.dev/addon': 'other' } } });
    const seen = appliedAddons(before, { objects });
    expect(changesOf([], seen)).toEqual({ a: ['delete ConfigMap kube-system/kboot-addon-a'] });
  });

  it('nothing that kboot itself has is deleted', () => {
    const before = desiredAddons({ a: [configMap] });
    const own = before[0]?.objects ?? [];
    expect(diffAddons([], appliedAddons(before), own)[0]?.deletes).toEqual([]);
  });

  it('what left goes in the opposite order of what it needed', () => {
    const before = desiredAddons(
      { a: [configMap], b: [secret], c: [deployment] },
      { b: { after: ['a'] }, c: { after: ['b'] } },
    );
    expect(diffAddons([], appliedAddons(before)).map(({ name }) => name)).toEqual(['c', 'b', 'a']);
  });

  it('waits for what is not healthy although nothing changes', () => {
    const addons = desiredAddons({ a: [configMap, deployment] });
    const objects = changed(addons, 1, { status: {} });
    const [change] = diffAddons(addons, appliedAddons(addons, { objects }));
    expect(words(change as AddonChanges)).toEqual([]);
    expect(change?.watched.map(({ kind }) => kind)).toEqual(['Deployment']);
  });

  it('a change of prune is recorded', () => {
    const before = desiredAddons({ a: [configMap] });
    expect(
      changesOf(desiredAddons({ a: [configMap] }, { a: { prune: 'all' } }), appliedAddons(before)),
    ).toEqual({
      a: [`update ${objectTitle(addonRecordRef('a'))}`],
    });
  });
});
