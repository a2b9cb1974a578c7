import './no-color.ts';
import { describe, expect, it } from 'vitest';
import type { CheckKind, CheckResult, VerifyReport } from '../../src/verify/types.ts';
import { verifyText } from '../../src/view/verify-text.ts';

const result = (kind: CheckKind, from: string, to: string, why?: string): CheckResult => ({
  kind,
  from,
  to,
  asked: `${from} for ${to}`,
  ok: why === undefined,
  milliseconds: why === undefined ? 12 : 3001,
  attempts: why === undefined ? 1 : 2,
  ...(why !== undefined && { why }),
});

const report = (results: readonly CheckResult[], more: Partial<VerifyReport> = {}): VerifyReport => ({
  cluster: 'prod',
  kubernetesVersion: 'v1.36.2',
  namespace: 'kboot-verify-00000001',
  nodes: 3,
  backend: 'vxlan',
  results,
  notes: [],
  interrupted: false,
  seconds: 17.04,
  ...more,
});

const show = (results: readonly CheckResult[], more: Partial<VerifyReport> = {}, verbose = false): string =>
  verifyText(report(results, more), { verbose, inventory: 'prod.yaml' });

const names = ['cp-1', 'w-1', 'w-2'];
const matrix = (kind: CheckKind, broken: (from: string, to: string) => boolean): CheckResult[] =>
  names.flatMap((from) =>
    names.map((to) => result(kind, from, to, broken(from, to) ? 'no response in 3 s' : undefined)),
  );
const involves = (node: string) => (from: string, to: string) =>
  from !== to && (from === node || to === node);

describe('verifyText', () => {
  it('is a table and one line if all checks pass', () => {
    expect(
      show([
        ...matrix('pod-udp', () => false),
        result('api', 'w-1', 'x'),
        result('cleanup', 'this machine', 'x'),
      ]),
    ).toBe(
      [
        'prod · Kubernetes v1.36.2 · 3 nodes',
        '',
        '  check                passed  slowest',
        '✓ Pod to Pod, UDP         9/9    12 ms',
        '✓ API at its endpoint     1/1    12 ms',
        '✓ Cleanup                 1/1    12 ms',
        '',
        'All 11 checks passed in 17.0 s.',
      ].join('\n'),
    );
  });

  it('names failing pairs in few lines, what was asked, the node they share, and where to look', () => {
    const text = show(matrix('pod-udp', involves('w-2')));
    expect(text).toContain('✗ Pod to Pod, UDP     5/9    3.0 s');
    expect(text).toContain(
      '✗ Pod to Pod, UDP: 4 of 9 failed; all of them involve w-2\n    asked  cp-1 for w-2, and others like it',
    );
    expect(text).toContain(
      '    cp-1, w-1 → w-2: no response in 3 s\n    w-2 → cp-1, w-1: no response in 3 s\n',
    );
    expect(text).toContain('UDP 8472');
    expect(text.endsWith('4 of 9 checks failed in 17.0 s.')).toBe(true);
  });

  it('separates the families of a dual-stack cluster', () => {
    const all = ([4, 6] as const).flatMap((family) =>
      matrix('pod-udp', (from, to) => family === 6 && from !== to).map((each) => ({ ...each, family })),
    );
    const text = show([...all, result('api', 'w-1', 'x')]);
    expect(text).toContain(
      '✓ Pod to Pod, UDP, IPv4     9/9    12 ms\n✗ Pod to Pod, UDP, IPv6     3/9    3.0 s\n',
    );
    expect(text).toContain('✗ Pod to Pod, UDP, IPv6: 6 of 9 failed\n');
    expect(text).toContain('IPv4 passes: the firewall must allow the same over IPv6');
    expect(text).toContain('✓ API at its endpoint       1/1');
    const only = all.filter(({ family }) => family === 6);
    expect(show(only)).toContain('✗ Pod to Pod, UDP     3/9');
    expect(show(only)).not.toContain('IPv4 passes');
  });

  it('points to the MTU if small packets of the same family pass', () => {
    const of = (kind: CheckKind, family: 4 | 6, good: boolean): CheckResult => ({
      ...result(kind, 'a', 'b', good ? undefined : 'no answer'),
      family,
    });
    const others = [of('pod-udp', 4, false), of('pod-tcp', 4, false)];
    expect(show([...others, of('pod-udp', 6, true), of('pod-tcp', 6, false)])).toContain('the MTU of');
    expect(show([...others, of('pod-udp', 6, false), of('pod-tcp', 6, false)])).not.toContain('the MTU of');
  });

  it('blames no node if the failing pairs share none', () => {
    const text = show(matrix('pod-udp', (from, to) => from !== to));
    expect(text).toContain('6 of 9 failed\n');
  });

  it.each([
    ['vxlan', 'UDP 8472'],
    ['wireguard', 'UDP 51820'],
    ['host-gw', 'layer 2'],
  ] as const)('knows what flannel with %s needs', (backend, needs) => {
    expect(show(matrix('pod-udp', involves('w-2')), { backend })).toContain(needs);
  });

  it('points to the MTU if small packets pass and large ones do not', () => {
    const large = matrix('pod-tcp', involves('w-2'));
    expect(show([...matrix('pod-udp', () => false), ...large])).toContain('MTU');
    expect(show([...matrix('pod-udp', involves('w-2')), ...large])).not.toContain('MTU');
  });

  it('points from checks that depend on the Pod network to the Pod network', () => {
    const dns = result('dns', 'cp-1', 'kubernetes', 'no answer');
    expect(show([dns])).not.toContain('Pod to Pod');
    expect(show([dns, ...matrix('pod-udp', involves('w-2'))])).toContain(
      'look   at the failing Pod to Pod pairs first',
    );
  });

  it('shows twenty reasons of a kind, all with --verbose', () => {
    const many = Array.from({ length: 25 }, (_, index) =>
      result('node-port', 'cp-1', `w-${index}`, `reason ${index}`),
    );
    expect(show(many)).toContain('… and 5 more like these; --verbose shows all');
    expect(show(many)).not.toContain('reason 24');
    expect(show(many, {}, true)).toContain('reason 24');
  });

  it('shows checks that passed only on retry', () => {
    const again = { ...result('dns', 'cp-1', 'x'), attempts: 2, why: 'no response in 3 s' };
    expect(show([again])).toContain('1 only on retry: no response in 3 s');
  });

  it('says how to remove a namespace that was left', () => {
    const text = show([result('cleanup', 'this machine', 'Namespace kboot-verify-00000001', 'still there')]);
    expect(text).toContain('kubectl delete namespace kboot-verify-00000001');
  });

  it('does not call an interrupted run passed', () => {
    const text = show([result('cleanup', 'this machine', 'x')], { interrupted: true });
    expect(text).toContain('Interrupted after 17.0 s');
    expect(text).not.toContain('passed in');
  });

  it('shows its notes', () => {
    expect(show([], { notes: ['Pods were asked in a sample.'] })).toContain('Pods were asked in a sample.\n');
  });
});
