import { beforeAll, describe, expect, it } from 'vitest';
import type { RotationObservation } from '../../../src/observe/rotation.ts';
import { fingerprints, publishedCopies, type PublishedCopy } from '../../../src/kube/published-cas.ts';
import { certificatesFor } from '../../../src/pki/certlist.ts';
import { createPki } from '../../../src/pki/lookup.ts';
import type { Rotatable } from '../../../src/model/pki.ts';
import { nextStem, rotationView, type RotationStage } from '../../../src/pki/rotation.ts';
import { rotationPhases } from '../../../src/plan/phases/rotation.ts';
import { decideRotation } from '../../../src/plan/rotation/decide.ts';
import { caSpec, makeCa, material, sampleCluster } from '../../samples/pki.ts';

const cluster = sampleCluster();
const specs = certificatesFor(cluster);
const cas: readonly Rotatable[] = ['ca', 'front-proxy-ca', 'sa'];
let texts: Map<string, string>;

beforeAll(async () => {
  texts = await material(cluster);
  for (const id of ['ca', 'front-proxy-ca']) {
    const next = await makeCa({ ...caSpec(cluster, id), path: `a new ${id}` });
    texts.set(`${nextStem(id)}.crt`, next.cert).set(`${nextStem(id)}.key`, next.key);
  }
  texts.set(`${nextStem('sa')}.key`, texts.get('ca.key') ?? '');
});

const nothing = { published: new Map(), workloads: [], pods: [], tokens: [], now: undefined };
const since = '2026-11-20T10:00:00Z';

function decided(stage: RotationStage, seen: Partial<RotationObservation>, own = cluster) {
  const { material: now, ...accepted } = rotationView(specs, texts, { cas, stage });
  const pki = createPki(specs, now, 'sha256:0', accepted);
  return decideRotation({
    cluster: own,
    pki,
    rotation: { cas, stage, since },
    seen: { ...nothing, ...seen },
  });
}

/** What the API publishes when the hosts are at a stage. */
function publishedAt(stage: RotationStage): RotationObservation['published'] {
  const { material: now, ...accepted } = rotationView(specs, texts, { cas, stage });
  const pki = createPki(specs, now, 'sha256:0', accepted);
  const held = (copy: PublishedCopy): readonly string[] =>
    fingerprints(pki.trusted(copy.startsWith('requestheader') ? 'front-proxy-ca' : 'ca').join(''));
  return new Map(publishedCopies.map((copy) => [copy, new Map([[`ConfigMap a/${copy}`, held(copy)]])]));
}

describe('what Kubernetes publishes', () => {
  it('is waited for when hosts accept what is new', () => {
    const { work } = decided('trust', {
      published: new Map([['kube-root-ca.crt', new Map([['ConfigMap a/kube-root-ca.crt', []]])]]),
    });
    expect(work?.published.map(({ condition }) => condition)).toMatchObject([
      { kind: 'published-cas', copy: 'kube-root-ca.crt', holds: [expect.any(String), expect.any(String)] },
    ]);
    expect(work?.withdrawals).toEqual([]);
    expect(decided('trust', { published: publishedAt('trust') }).work).toBeUndefined();
  });

  it('loses the former CAs at the end: kboot takes them out where API servers only add', () => {
    const { work } = decided('retire', { published: publishedAt('sign') });
    expect(work?.published.map(({ id }) => id)).toEqual(
      publishedCopies.map((copy) => `cluster: published ${copy}`),
    );
    const [step] = work?.withdrawals ?? [];
    expect(step?.object.metadata).toEqual({
      namespace: 'kube-system',
      name: 'extension-apiserver-authentication',
    });
    expect(step?.patch).toEqual({
      data: {
        'client-ca-file': texts.get('next/ca.crt'),
        'requestheader-client-ca-file': texts.get('next/front-proxy-ca.crt'),
      },
    });
    expect(decided('retire', { published: publishedAt('retire') }).work).toBeUndefined();
  });

  it("is the operator's own where a flag says so", () => {
    const own = {
      ...cluster,
      apiServer: { ...cluster.apiServer, extraArgs: [{ name: 'client-ca-file', value: '/mine.crt' }] },
    };
    const { work } = decided('retire', { published: publishedAt('sign') }, own);
    expect(work?.published.map(({ id }) => id)).not.toContain('cluster: published client-ca-file');
    expect(work?.withdrawals.map(({ patch }) => Object.keys(patch['data'] ?? {}))).toEqual([
      ['requestheader-client-ca-file'],
    ]);
  });
});

describe('Pods of before', () => {
  const workload = (name: string, rest: object = {}): RotationObservation['workloads'][number] => ({
    ...{ kind: 'Deployment', namespace: 'shop', name, isRolling: false, obstacle: undefined },
    ...rest,
  });

  it('are replaced by their controllers, four workloads at a time, and each is waited for', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const { work, warnings } = decided('roll', { workloads: names.map((name) => workload(name)) });
    expect(work?.restarts.map(({ steps }) => steps.map(({ object }) => object.metadata.name))).toEqual([
      ['a', 'b', 'c', 'd'],
      ['e'],
    ]);
    expect(work?.restarts[0]?.steps[0]).toMatchObject({
      verb: 'restart',
      patch: {
        spec: {
          template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': since } } },
        },
      },
    });
    expect(work?.restarts[1]?.gates.map(({ condition }) => condition)).toEqual([
      { kind: 'workload-ready', workload: 'Deployment', namespace: 'shop', name: 'e' },
    ]);
    expect(warnings).toEqual([]);
  });

  it('of a workload whose restart was asked for are only waited for', () => {
    const { work } = decided('roll', { workloads: [workload('a', { isRolling: true })] });
    expect(work?.restarts.map(({ steps, gates }) => [steps.length, gates.length])).toEqual([[0, 1]]);
  });

  it('that nothing replaces are told, and hold nothing up', () => {
    const { work, warnings } = decided('roll', {
      workloads: [workload('a', { obstacle: 'it is paused' })],
      pods: ['Pod shop/alone', 'Pod shop/job-1 of Job job'],
    });
    expect(work).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringContaining('Deployment shop/a (it is paused). Restart them yourself'),
      expect.stringContaining('nothing replaces Pod shop/alone, Pod shop/job-1 of Job job: '),
    ]);
  });

  it('start anew after tokens in Secrets are signed anew, and after everything else', () => {
    const { work } = decided('roll', {
      workloads: [workload('a')],
      tokens: [{ namespace: 'shop', name: 'robot' }],
      published: new Map([['kube-root-ca.crt', new Map([['ConfigMap a/kube-root-ca.crt', []]])]]),
    });
    expect(work?.tokens.map(({ object, patch }) => [object.kind, patch])).toEqual([
      ['Secret', { data: { token: null } }],
    ]);
    const phases = work === undefined ? [] : rotationPhases(work, [{ phase: 'rollout', need: 'all' }]);
    expect(phases.map(({ id, after }) => [id, after.map(({ phase }) => phase)])).toEqual([
      ['published-cas', ['rollout']],
      ['tokens', ['rollout', 'published-cas']],
      ['restarts', ['rollout', 'published-cas', 'tokens']],
    ]);
  });
});
