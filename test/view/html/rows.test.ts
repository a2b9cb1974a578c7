import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formsOf } from '../../../src/view/html/forms.ts';
import { hostMark, rowsIn, sectionsOf, type Row } from '../../../src/view/html/rows.ts';
import { gatesOf, stepsOf } from '../../../src/plan/steps.ts';
import type { Plan, ShellStep } from '../../../src/plan/types.ts';
import { nodeStep } from '../../samples/install-work.ts';
import { gate, phaseOf, plan, planHost, shellStep } from '../../samples/plan.ts';
import { inventoryWith } from '../../samples/inventory-options.ts';
import { clusterOf, samplePlan } from '../../samples/page.ts';

const rowsOf = (...args: Parameters<typeof sectionsOf>): readonly Row[] => rowsIn(sectionsOf(...args));
const hosts = [planHost('cp-1', 'control-plane'), planHost('w-1', 'worker')];
/** A plan of one phase with a task for each of these. */
const planOf = (steps: readonly (readonly [host: string, step: ShellStep])[], on = hosts): Plan =>
  plan({
    hosts: on,
    phases: [
      phaseOf(
        'host',
        steps.map(([host, step]) => [{ host }, [step]]),
      ),
    ],
  });
const step = (host: string, name: string, more: Partial<ShellStep> = {}): [host: string, step: ShellStep] => [
  host,
  shellStep(host, name, more),
];

describe('rows', () => {
  it('contain every step and gate of the plan once', () => {
    const of = samplePlan();
    const ids = rowsOf(of).flatMap(({ items }) => items.map(({ item }) => item.id));
    expect(ids.sort()).toEqual([...stepsOf(of), ...gatesOf(of)].map(({ id }) => id).sort());
  });

  it('are in the phases of the plan, separated by location', () => {
    expect(
      sectionsOf(samplePlan()).map(({ phase, sides }) => [phase.id, ...sides.map(({ place }) => place)]),
    ).toEqual([
      ['hooks', 'operator'],
      ['certificates', 'operator'],
      ['membership', 'cluster'],
      ['host', 'hosts'],
      ['node', 'hosts'],
      ['rollout', 'hosts', 'gates'],
      ['api', 'cluster'],
      ['nodes', 'cluster', 'gates'],
    ]);
  });

  it('are in the order of the batches; those of hosts that go one after another share rows', () => {
    const members = ['cp-1', 'w-1'];
    const [section] = sectionsOf(
      plan({
        hosts,
        phases: [
          {
            ...phaseOf('rollout', []),
            batches: [
              ...members.map((host) => ({
                tasks: [{ on: { host }, steps: [shellStep(host, '/a')] }],
                gates: [gate({ kind: 'kubelet', host, port: 10248 })],
              })),
              { tasks: [{ on: 'operator', steps: [shellStep('', '/b')] }], gates: [gate({ kind: 'api' })] },
              { tasks: [{ on: 'cluster', steps: [shellStep('', '/c')] }], gates: [] },
            ],
          },
        ],
      }),
    );
    expect(
      section?.sides.map(({ place, rows }) => [place, ...rows.map(({ name, hosts: on }) => [name, ...on])]),
    ).toEqual([
      ['hosts', ['/a', ...members]],
      ['gates', [`kubelet of ${hostMark}`, ...members]],
      ['operator', ['/b']],
      ['gates', ['API server']],
      ['cluster', ['/c']],
    ]);
  });

  it('have the rollbacks of their tasks', () => {
    const rollbacks = sectionsOf(samplePlan()).flatMap(({ phase, sides }) =>
      sides.flatMap((side) => side.rollbacks.map(({ verb, name, reason }) => [phase.id, verb, name, reason])),
    );
    expect(rollbacks).toEqual([['rollout', 'delete', 'cp-1', 'withdrawn']]);
  });

  it('keep operations on one Node apart', () => {
    const names = ['w-1', 'w-2'];
    const drains = (['cordon', 'uncordon'] as const).flatMap((kind) =>
      names.map((node) => nodeStep(node, kind)),
    );
    const rows = rowsOf(plan({ hosts, phases: [phaseOf('workers', [['cluster', drains]])] }));
    expect(rows.map(({ hosts: on }) => on)).toEqual([names, names]);
  });

  it('combine equal steps, and steps that differ only in their host’s own name', () => {
    const certificate = rowsOf(samplePlan()).find(({ kind }) => kind === 'client-certificate');
    expect(certificate).toMatchObject({ name: `${hostMark}:node`, hosts: ['w-1', 'w-2'] });
    const node = rowsOf(samplePlan()).find(({ kind, hosts: on }) => kind === 'wait' && on.length > 1);
    expect(node).toMatchObject({ name: `Node ${hostMark} Ready`, hosts: ['w-1', 'w-2'] });
  });

  it('separate steps that differ in verb, reason, diff, or in another host’s name', () => {
    const steps = ['cp-1', 'w-1'].flatMap((host) => [
      step(host, '/a', { verb: host === 'cp-1' ? 'create' : 'update' }),
      step(host, '/b', { reason: host === 'cp-1' ? '1 line' : '2 lines' }),
      step(host, '/c', { diff: host === 'cp-1' ? '+a' : '+b' }),
      step(host, '/d-cp-1'),
    ]);
    expect(rowsOf(planOf(steps))).toHaveLength(8);
  });

  it('do not treat part of a longer word as the host’s name', () => {
    const steps = ['w-1', 'w-10'].map((host) => step(host, `/x/w-10/${host}`));
    const [row, ...more] = rowsOf(planOf(steps, [planHost('w-1', 'worker'), planHost('w-10', 'worker')]));
    expect(row?.name).toBe('/x/w-10/w-1');
    expect(more).toHaveLength(1);
  });

  it('combine diffs that differ in their host’s own address, and have both', () => {
    const cluster = clusterOf(inventoryWith());
    const steps = cluster.hosts.map(({ name, address }) =>
      step(name, '/a', { verb: 'update', diff: `-server: old\n+server: ${address}` }),
    );
    const [row, ...more] = rowsOf(planOf(steps), cluster);
    expect(more).toEqual([]);
    expect(row?.blocks[0]?.forms).toEqual({
      lines: ['-server: old', '+server: 10.0.0.11'],
      others: [{ hosts: ['w-1'], form: [[1, '+server: 10.0.0.21']] }],
    });
  });

  it('put many files of the PKI into one row, by name and digest', () => {
    const files = ['a', 'b', 'c', 'd'].map((name) =>
      step('cp-1', `/etc/kubernetes/pki/${name}.key`, {
        reason: `secret ${name}, sha256 12`,
        payload: { path: '/x', content: { kind: 'secret', name, digest: '12' } },
      }),
    );
    const folded = rowsOf(planOf(files));
    expect(folded).toHaveLength(1);
    expect(folded[0]).toMatchObject({ name: '4 certificates, keys and kubeconfigs', hosts: ['cp-1'] });
    expect(folded[0]?.parts.map(({ reason }) => reason)).toContain('secret a, sha256 12');
    expect(rowsOf(planOf(files.slice(1)))).toHaveLength(3);
  });
});

describe('forms', () => {
  it('restore the text of every host', () => {
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
