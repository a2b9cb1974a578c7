import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { certificatesFor } from '../../src/pki/certlist.ts';
import {
  nextStem,
  rotationStages,
  rotationView,
  stageAfter,
  type RotationStage,
} from '../../src/pki/rotation.ts';
import { sampleCluster } from '../samples/pki.ts';

const specs = certificatesFor(sampleCluster());
const material = new Map([
  ['etcd/ca.crt', 'old'],
  ['etcd/ca.key', 'old key'],
  ['ca.crt', 'kubernetes'],
  [`${nextStem('etcd/ca')}.crt`, 'new'],
  [`${nextStem('etcd/ca')}.key`, 'new key'],
]);

/** The CA that signs what a host serves, and the CAs that it accepts; before the rotation: undefined. */
function at(stage: RotationStage | undefined): {
  readonly signer: string;
  readonly trusted: readonly string[];
} {
  if (stage === undefined) return { signer: 'old', trusted: ['old'] };
  const view = rotationView(specs, material, { cas: ['etcd-ca'], stage });
  const other = view.others.get('etcd-ca');
  const signer = view.material.get('etcd/ca.crt') ?? '';
  return { signer, trusted: other === undefined ? [signer] : [signer, other] };
}

describe('the stages of a rotation', () => {
  it('exchange what signs after both are accepted, and end with the new CA alone', () => {
    expect(rotationStages.map(at)).toEqual([
      { signer: 'old', trusted: ['old', 'new'] },
      { signer: 'new', trusted: ['new', 'old'] },
      { signer: 'new', trusted: ['new'] },
    ]);
    const view = rotationView(specs, material, { cas: ['etcd-ca'], stage: 'sign' });
    expect(view.material.get('etcd/ca.key')).toBe('new key');
    expect(view.material.get('ca.crt')).toBe('kubernetes');
    expect([view.missing, stageAfter({ cas: ['etcd-ca'], stage: 'retire' })]).toEqual([[], undefined]);
  });

  it('say which new CA is not there', () => {
    const lost = new Map([...material].filter(([path]) => !path.startsWith('next/')));
    const view = rotationView(specs, lost, { cas: ['etcd-ca'], stage: 'sign' });
    expect([view.missing, view.material.get('etcd/ca.crt')]).toEqual([['next/etcd/ca'], 'old']);
  });
});

/**
 * A host while it goes from one stage to the next: what it serves and what its process accepts change at different moments
 * (etcd reads its certificate at each handshake, and its CAs when it starts), in either order.
 */
interface HostState {
  serves: number;
  accepts: number;
}
type Move = { readonly host: number; readonly what: 'serves' | 'accepts' };

it('at no moment a host serves a certificate whose issuer another does not accept, wherever a run is killed', () => {
  const steps = [undefined, ...rotationStages];
  const move: fc.Arbitrary<Move> = fc.record({
    host: fc.nat({ max: 2 }),
    what: fc.constantFrom('serves' as const, 'accepts' as const),
  });
  const refused = (hosts: readonly HostState[]): boolean =>
    hosts.some((one) =>
      hosts.some((other) => !at(steps[one.accepts]).trusted.includes(at(steps[other.serves]).signer)),
    );
  let ended = 0;
  fc.assert(
    fc.property(fc.array(move, { minLength: 150, maxLength: 200 }), (moves) => {
      const hosts: HostState[] = Array.from({ length: 3 }, () => ({ serves: 0, accepts: 0 }));
      // Any order of moves: runs that are killed, hosts that go in parallel, hosts that were off.
      let stage = 1;
      for (const { host, what } of moves) {
        const own = hosts[host];
        if (own !== undefined) own[what] = stage;
        expect(refused(hosts)).toBe(false);
        const reached = hosts.every(({ serves, accepts }) => serves === stage && accepts === stage);
        if (reached && stage < rotationStages.length) stage += 1;
      }
      ended += stage === rotationStages.length ? 1 : 0;
    }),
  );
  expect(ended).toBeGreaterThan(50);
});
