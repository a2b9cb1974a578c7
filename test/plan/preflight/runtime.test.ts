import { describe, expect, it } from 'vitest';
import { preflight } from '../../../src/plan/preflight/preflight.ts';
import { host, single } from '../../samples/text.ts';
import { good } from '../../samples/inspection.ts';

const worker = host('w-1', '10.0.0.21', ['worker']);
const member = host('etcd-1', '10.0.0.31', ['etcd']);
const found = (of: typeof worker, dockerContainers: number | null): readonly string[] =>
  preflight(
    single({ hosts: [of] }),
    new Map([[of.name, { ...good(of), dockerContainers }]]),
    undefined,
    [],
  ).map(({ check, level, message }) => `${check} ${level} ${message.split(' through')[0] ?? ''}`);

describe('preflight of the container runtime', () => {
  it('refuses to replace the containerd of a Docker', () => {
    expect(found(worker, 1)).toEqual(['Docker error Docker runs 1 container']);
    expect(found(worker, 3)).toEqual(['Docker error Docker runs 3 containers']);
    expect(found(worker, 0)).toEqual(['Docker error Docker works']);
  });

  it('accepts a host without one, and hosts where kboot installs no containerd', () => {
    expect(found(worker, null)).toEqual([]);
    expect(found(member, 3)).toEqual([]);
  });
});
