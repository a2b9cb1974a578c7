import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formsOf } from '../../../src/view/html/forms.ts';
import { hostMark, sectionsOf, type Row } from '../../../src/view/html/rows.ts';
import { stepsOf } from '../../../src/plan/types.ts';
import { hostStep, plan, planHost } from '../../plan/sample.ts';
import { inventoryWith } from '../../inventory/options.ts';
import { clusterOf, samplePlan } from './sample.ts';

const rowsOf = (...args: Parameters<typeof sectionsOf>): Row[] =>
  sectionsOf(...args).flatMap(({ rows }) => rows);
const hosts = [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker')];

describe('rows', () => {
  it('hold every step of the plan once', () => {
    const of = samplePlan();
    const ids = rowsOf(of).flatMap(({ steps }) => steps.map(({ id }) => id));
    expect(ids.sort()).toEqual(
      stepsOf(of)
        .map(({ id }) => id)
        .sort(),
    );
  });

  it('stand in the order in which things happen, each side of a stage apart', () => {
    expect(sectionsOf(samplePlan()).map(({ side, stage }) => [side, stage])).toEqual([
      ['operator', undefined],
      ['members', undefined],
      ['hosts', 'host'],
      ['turns', 'etcd'],
      ['cluster', 'control-plane'],
      ['hosts', 'node'],
      ['cluster', 'node'],
    ]);
  });

  it('fold equal steps, and those that differ in their host’s own name', () => {
    const certificate = rowsOf(samplePlan()).find(({ kind }) => kind === 'client-certificate');
    expect(certificate).toMatchObject({ name: `${hostMark}:node`, hosts: ['w-1', 'w-2'] });
    const node = rowsOf(samplePlan()).find(({ kind, hosts: on }) => kind === 'wait' && on.length > 1);
    expect(node).toMatchObject({ name: `Node ${hostMark} Ready`, hosts: ['w-1', 'w-2'] });
  });

  it('keep apart what differs in verb, reason, diff, or in another host’s name', () => {
    const steps = ['cp-1', 'w-1'].flatMap((host) => [
      hostStep(host, 'file /a', { verb: host === 'cp-1' ? 'create' : 'update' }),
      hostStep(host, 'file /b', { reason: host === 'cp-1' ? '1 line' : '2 lines' }),
      hostStep(host, 'file /c', { diff: host === 'cp-1' ? '+a' : '+b' }),
      hostStep(host, 'file /d-cp-1'),
    ]);
    expect(rowsOf(plan({ hosts, hostSteps: steps }))).toHaveLength(8);
  });

  it('a name inside a longer word is not the host’s', () => {
    const steps = ['w-1', 'w-10'].map((host) => hostStep(host, `file /x/w-10/${host}`));
    const [row, ...more] = rowsOf(
      plan({ hosts: [planHost('w-1', 'worker'), planHost('w-10', 'worker')], hostSteps: steps }),
    );
    expect(row?.name).toBe('/x/w-10/w-1');
    expect(more).toHaveLength(1);
  });

  it('fold diffs that differ in their host’s own address, and tell both', () => {
    const cluster = clusterOf(inventoryWith());
    const steps = cluster.hosts.map(({ name, address }) =>
      hostStep(name, 'file /a', { verb: 'update', diff: `-server: old\n+server: ${address}` }),
    );
    const [row, ...more] = rowsOf(plan({ hosts, hostSteps: steps }), cluster);
    expect(more).toEqual([]);
    expect(row?.blocks[0]?.forms).toEqual({
      lines: ['-server: old', '+server: 10.0.0.11'],
      others: [{ hosts: ['w-1'], form: [[1, '+server: 10.0.0.21']] }],
    });
  });

  it('put many files of the PKI into one row, by name and digest', () => {
    const files = ['a', 'b', 'c', 'd'].map((name) =>
      hostStep('cp-1', `file /etc/kubernetes/pki/${name}.key`, {
        stage: 'etcd',
        reason: `secret ${name}, sha256 12`,
        payload: { path: '/x', content: { kind: 'secret', name, digest: '12' } },
      }),
    );
    const folded = rowsOf(plan({ hosts, hostSteps: files }));
    expect(folded).toHaveLength(1);
    expect(folded[0]).toMatchObject({ name: '4 certificates, keys and kubeconfigs', hosts: ['cp-1'] });
    expect(folded[0]?.parts.map(({ reason }) => reason)).toContain('secret a, sha256 12');
    expect(rowsOf(plan({ hosts, hostSteps: files.slice(1) }))).toHaveLength(3);
  });
});

describe('forms', () => {
  it('give every host its text back', () => {
    const texts = fc.array(fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1 }), { minLength: 1 });
    fc.assert(
      fc.property(texts, (all) => {
        const given = all.map((lines, index) => ({ host: `h${index}`, text: lines.join('\n') }));
        const { lines, others } = formsOf(given);
        for (const { host, text } of given) {
          const form = others.find((other) => other.hosts.includes(host))?.form ?? [];
          const own = [...lines];
          if (typeof form !== 'string') for (const [at, line] of form) own[at] = line;
          expect(typeof form === 'string' ? form : own.join('\n')).toBe(text.replace(/\n$/, ''));
        }
      }),
    );
  });
});
