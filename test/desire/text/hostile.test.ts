import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { nthAddress } from '../../../src/desire/text/address.ts';
import { kubeObjects } from '../../../src/desire/text/kube-objects.ts';
import { kubeletConfig } from '../../../src/desire/text/kubelet.ts';
import { goYaml, mergePatch } from '../../../src/desire/text/merge.ts';
import { staticPods } from '../../../src/desire/text/static-pods.ts';
import type { JsonObject } from '../../../src/model/cluster.ts';
import { KbootError } from '../../../src/model/error.ts';
import { contextOf, facts, firstHost, found, single } from '../../samples/text.ts';

const hostile = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.string({
    unit: fc.constantFrom(...Array.from('"\'\\\n\r\t: #{}[]-?&*!|>%@`$,=~\u0085\u2028\ufeff\u007f')),
  }),
);
const extraArg = fc.record({ name: hostile, value: hostile });

describe('values cannot break out of the place where they stand', () => {
  it('extra arguments reach each component and kubeadm-config exactly', () => {
    fc.assert(
      fc.property(fc.array(extraArg, { minLength: 1, maxLength: 3 }), (extraArgs) => {
        const cluster = single({
          apiServer: { extraArgs, certSANs: extraArgs.map((arg) => arg.value) },
          controllerManager: { extraArgs },
          scheduler: { extraArgs },
          etcd: { extraArgs },
        });
        const expected = extraArgs.map(({ name, value }) => `--${name}=${value}`);
        const first = firstHost(cluster);
        const pods = staticPods(contextOf(cluster), first, facts, {
          etcd: { initialCluster: [first], state: 'new' },
        });
        for (const pod of pods) {
          const { spec } = parse(pod.text) as { spec: { containers: { command: string[] }[] } };
          expect(found(spec.containers[0]).command.slice(-expected.length)).toEqual(expected);
          expect(spec.containers).toHaveLength(1);
        }
        const objects = kubeObjects(contextOf(cluster), { caPem: 'CA' });
        const map = found(objects.find((object) => object.metadata.name === 'kubeadm-config'));
        const stored = parse(
          (map['data'] as Record<string, string>)['ClusterConfiguration'] ?? '',
        ) as JsonObject;
        expect(stored).toMatchObject({
          apiServer: { extraArgs, certSANs: extraArgs.map((arg) => arg.value) },
          controllerManager: { extraArgs },
          scheduler: { extraArgs },
          etcd: { local: { extraArgs } },
        });
      }),
      { numRuns: 40 },
    );
  });

  it('a DNS domain reaches the kubelet exactly, and the Corefile only as one word', () => {
    fc.assert(
      fc.property(hostile, (dnsDomain) => {
        const { networking } = single();
        const cluster = single({ networking: { ...networking, dnsDomain } });
        expect(parse(kubeletConfig(contextOf(cluster), firstHost(cluster), facts))).toMatchObject({
          clusterDomain: dnsDomain,
        });
        if (!/^[\w./:@[\]-]+$/.test(dnsDomain)) {
          expect(() => kubeObjects(contextOf(cluster), { caPem: 'CA' })).toThrow(KbootError);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('stated configuration reaches the kubelet exactly', () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, hostile, { maxKeys: 3, noNullPrototype: true }), (nodeLabels) => {
        const cluster = single({ kubelet: { config: { nodeLabels } } });
        const read = parse(kubeletConfig(contextOf(cluster), firstHost(cluster), facts)) as {
          nodeLabels: object;
        };
        expect(Object.entries(read.nodeLabels).sort()).toEqual(Object.entries(nodeLabels).sort());
      }),
      { numRuns: 40 },
    );
  });
});

describe('mergePatch', () => {
  const json = fc.dictionary(
    fc.string(),
    fc.jsonValue({ noNullPrototype: true } as never),
  ) as fc.Arbitrary<JsonObject>;

  it('with nothing changes nothing, and twice is once', () => {
    fc.assert(
      fc.property(json, json, (base, patch) => {
        expect(mergePatch(base, {})).toEqual(base);
        const once = mergePatch(base, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  it('keeps a key called __proto__ a key', () => {
    const patch = JSON.parse('{"__proto__": {"polluted": true}}') as JsonObject;
    const merged = mergePatch({ a: 1 }, patch);
    expect(Object.keys(merged)).toEqual(['a', '__proto__']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('is written as go-yaml writes', () => {
    expect(goYaml({ b: ['0', 'on'], a: {}, c: null })).toBe('a: {}\nb:\n- "0"\n- "on"\nc: null\n');
  });
});

describe('nthAddress', () => {
  it('counts from the network address, in both families', () => {
    expect(nthAddress('10.96.0.0/12', 10)).toBe('10.96.0.10');
    expect(nthAddress('10.96.3.7/12', 1)).toBe('10.96.0.1');
    expect(nthAddress('10.0.0.0/8', 256)).toBe('10.0.1.0');
    expect(nthAddress('fd00:10:96::/112', 10)).toBe('fd00:10:96::a');
  });
});
