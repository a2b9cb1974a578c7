import { beforeAll, describe, expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import type { Inspection } from '../../src/model/inspection.ts';
import { trustBundle } from '../../src/pki/types.ts';
import { withAdopted } from '../../src/plan/adopted.ts';
import { decide, type Known } from '../../src/plan/decide.ts';
import type { Observed } from '../../src/plan/observed.ts';
import { haCluster, issuedNow, knownOf, running } from './world.ts';

let known: Known;
let ca: string;
beforeAll(async () => {
  known = knownOf(await issuedNow(haCluster));
  ca = sha256(trustBundle(known.desire.pki, 'ca'));
});

/** A running cluster whose hosts kboot has not set up; `more` of w-1. */
function unstamped(more: Partial<Inspection> = {}): Observed {
  const seen = running(known);
  return {
    ...seen,
    hosts: new Map(
      [...seen.hosts].map(([name, host]) => [
        name,
        {
          ...host,
          inspection: {
            ...host.inspection,
            ...{ clusterId: '', caDigest: ca },
            ...(name === 'w-1' && more),
          },
        },
      ]),
    ),
  };
}
const errors = (seen: Observed): readonly string[] =>
  decide(known, seen).findings.flatMap(({ check, level, host }) =>
    level === 'error' ? [`${check} ${host}`] : [],
  );

describe('hosts that kboot has not set up', () => {
  it("with the cluster's CA are its own: the cluster was taken over", () => {
    expect(errors(unstamped())).toEqual([]);
    const { hosts } = withAdopted(unstamped(), known.desire);
    expect([...hosts.values()].map(({ inspection }) => inspection.clusterId)).toEqual(
      haCluster.hosts.map(() => known.desire.clusterId),
    );
  });

  it('with another CA, or of another kboot cluster, are refused as before', () => {
    expect(errors(unstamped({ caDigest: '0'.repeat(64) }))).toContain('ForeignCluster w-1');
    expect(errors(unstamped({ clusterId: `sha256:${'0'.repeat(64)}` }))).toContain('ForeignCluster w-1');
  });

  it('are foreign as long as the state folder has no CA', () => {
    const none = { ...known.desire, clusterId: undefined };
    const seen = unstamped();
    expect(withAdopted(seen, none)).toBe(seen);
  });
});
