import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Cluster } from '../../src/model/cluster.ts';
import { planSpread } from '../../src/plan/spread.ts';
import type { Spread } from '../../src/plan/spread-types.ts';
import type { Phase } from '../../src/plan/types.ts';
import { delivery } from '../../src/resource/artifact.ts';
import type { ArtifactSource } from '../../src/resource/types.ts';
import { planText } from '../../src/view/plan-text.ts';
import { planSchema } from '../../src/plan/saved/schema.ts';
import { phaseOf, plan, planHost, shellStep } from '../samples/plan.ts';
import { host, single } from '../samples/text.ts';

const digest = (name: string): string => name.padEnd(64, '0');
const bundle = (name: string, size: number): ArtifactSource => ({ kind: 'bundle', path: name, size });
const download = (once?: true): ArtifactSource => ({
  ...{ kind: 'download', url: 'https://dl.k8s.io/kubelet' },
  ...(once && { once }),
});

function cluster(artifacts: Cluster['artifacts'], names: readonly string[]): Cluster {
  return single({
    artifacts,
    hosts: names.map((name, index) => host(name, `10.0.0.${index + 1}`, ['worker'])),
  });
}

/** A phase in which each of these hosts gets each of these files. */
function getting(
  names: readonly string[],
  files: Readonly<Record<string, ArtifactSource>>,
): readonly Phase[] {
  const steps = (name: string): ReturnType<typeof shellStep>[] =>
    Object.entries(files).map(([file, source]) => {
      const artifact = { title: file, sha256: digest(file), source };
      return shellStep(name, file, delivery(artifact, `/tmp/${file}`));
    });
  return [
    phaseOf(
      'runtime',
      names.map((name) => [{ host: name }, steps(name)] as const),
    ),
  ];
}

const nobody = new Map<string, never>();

describe('planSpread', () => {
  const names = ['a', 'b', 'c'];
  const files = { f1: bundle('f1', 100), f2: bundle('f2', 30) };

  it('is absent unless the inventory asks for it', () => {
    expect(planSpread(cluster({}, names), getting(names, files), nobody)).toBeUndefined();
    expect(planSpread(cluster({ spread: 'hosts' }, names), [], nobody)).toBeUndefined();
    const each = getting(names, { f1: download() });
    expect(planSpread(cluster({ spread: 'hosts' }, names), each, nobody)).toBeUndefined();
  });

  it('counts what leaves this machine, and what goes from host to host', () => {
    const spread = planSpread(cluster({ spread: 'hosts' }, names), getting(names, files), nobody);
    expect(spread).toMatchObject({ port: 8022, operatorBytes: 130, hostBytes: 260, heldBytes: 0 });
    expect(spread?.files.map(({ title, hosts }) => [title, hosts])).toEqual([
      ['f1', names],
      ['f2', names],
    ]);
    expect(spread?.hosts[1]).toEqual({ host: 'b', address: '10.0.0.2' });
  });

  it('counts what hosts have already', () => {
    const held = (sha256: string, bytes: number, isWhole: boolean): { spread: NonNullable<never> } =>
      ({ spread: [{ sha256, bytes, isWhole }] }) as never;
    const seen = new Map([
      ['a', held(digest('f1'), 100, true)],
      ['b', held(digest('f2'), 10, false)],
    ]);
    const spread = planSpread(cluster({ spread: 'hosts' }, names), getting(names, files), seen);
    expect(spread).toMatchObject({ operatorBytes: 20, hostBytes: 260, heldBytes: 110 });
  });

  it('adds up: what is sent and what is there is what is needed', () => {
    const size = fc.integer({ min: 1, max: 1000 });
    fc.assert(
      fc.property(
        fc.array(size, { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 6 }),
        (sizes, count) => {
          const hosts = Array.from({ length: count }, (_, index) => `h${index}`);
          const all = Object.fromEntries(
            sizes.map((each, index) => [`f${index}`, bundle(`f${index}`, each)]),
          );
          const spread = planSpread(cluster({ spread: 'hosts' }, hosts), getting(hosts, all), nobody);
          const total = sizes.reduce((sum, each) => sum + each, 0);
          expect(spread?.operatorBytes).toBe(total);
          expect((spread?.operatorBytes ?? 0) + (spread?.hostBytes ?? 0)).toBe(total * count);
        },
      ),
    );
  });

  it('has one host download what all need with fetch: once', () => {
    const spread = planSpread(
      cluster({ fetch: 'once' }, names),
      getting(names, { f1: download(true) }),
      nobody,
    );
    expect(spread?.files).toEqual([
      {
        ...{ sha256: digest('f1'), title: 'f1', hosts: names },
        source: { kind: 'download', url: 'https://dl.k8s.io/kubelet' },
      },
    ]);
  });

  it('is said in the plan, and fits its schema', () => {
    const said = (spread: Spread | undefined): string => {
      const phases = getting(names, files);
      const hosts = names.map((name) => planHost(name, 'worker'));
      const whole = plan({ phases, hosts, ...(spread && { spread }) });
      expect(planSchema.safeParse(whole).error).toBeUndefined();
      return planText(whole, { verbose: false });
    };
    const big = { f1: bundle('f1', 20e6), f2: bundle('f2', 1e6) };
    const spread = planSpread(cluster({ spread: 'hosts' }, names), getting(names, big), nobody);
    expect(said(spread)).toContain(
      'Files: 2 files for 3 hosts: 21.0 MB leave this machine, 42.0 MB go from host to host on port 8022.',
    );
    expect(said(undefined)).not.toContain('Files:');
    const once = planSpread(
      cluster({ fetch: 'once' }, names),
      getting(names, { f1: download(true) }),
      nobody,
    );
    expect(said(once)).toContain(
      'Files: 1 file for 3 hosts: 1 file downloaded once, passed on from host to host on port 8022.',
    );
  });
});
