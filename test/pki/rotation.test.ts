import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rotatable, type Rotatable } from '../../src/model/pki.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import {
  crossStem,
  nextStem,
  rotationStages,
  rotationView,
  stageAfter,
  stagesOf,
  type RotationStage,
} from '../../src/pki/rotation.ts';
import { sampleCluster } from '../samples/pki.ts';

const specs = certificatesFor(sampleCluster());
const stems: Readonly<Record<Rotatable, string>> = {
  ca: 'ca',
  'front-proxy-ca': 'front-proxy-ca',
  'etcd-ca': 'etcd/ca',
  sa: 'sa',
};
const material = new Map(
  rotatable.flatMap((id) => {
    const stem = stems[id];
    const files = (at: string, age: string): (readonly [string, string])[] => [
      [`${at}.key`, `${age} key`],
      ...(id === 'sa' ? [] : [[`${at}.crt`, age] as const]),
    ];
    return [...files(stem, 'old'), ...files(nextStem(stem), 'new')];
  }),
);
material.set(`${crossStem('ca')}.crt`, 'new by old');

/** What signs for a host, and what it accepts; before the rotation: undefined. */
function at(
  id: Rotatable,
  stage: RotationStage | undefined,
): { readonly signer: string; readonly trusted: readonly string[] } {
  // A ServiceAccount key is accepted by its public half.
  const own = id === 'sa' ? 'key' : 'crt';
  if (stage === undefined)
    return {
      signer: material.get(`${stems[id]}.${own}`) ?? '',
      trusted: [`old${id === 'sa' ? ' key' : ''}`],
    };
  const view = rotationView(specs, material, { cas: [id], stage });
  const other = view.others.get(id);
  const signer = view.material.get(`${stems[id]}.${own}`) ?? '';
  return { signer, trusted: other === undefined ? [signer] : [signer, other] };
}

describe('the stages of a rotation', () => {
  it('exchange what signs after both are accepted, and end with the new one alone', () => {
    expect(rotationStages.map((stage) => at('etcd-ca', stage))).toEqual([
      { signer: 'old', trusted: ['old', 'new'] },
      { signer: 'new', trusted: ['new', 'old'] },
      { signer: 'new', trusted: ['new', 'old'] },
      { signer: 'new', trusted: ['new'] },
    ]);
    expect(rotationStages.map((stage) => at('sa', stage))).toEqual([
      { signer: 'old key', trusted: ['old key', 'new key'] },
      { signer: 'new key', trusted: ['new key', 'old key'] },
      { signer: 'new key', trusted: ['new key', 'old key'] },
      { signer: 'new key', trusted: ['new key'] },
    ]);
    const view = rotationView(specs, material, { cas: ['etcd-ca'], stage: 'sign' });
    expect(view.material.get('etcd/ca.key')).toBe('new key');
    expect(view.material.get('ca.crt')).toBe('old');
    expect(view.missing).toEqual([]);
  });

  it('have one in which Pods start anew only if Pods hold what is exchanged', () => {
    const all = (cas: readonly Rotatable[]): unknown => [
      stagesOf({ cas }),
      rotationStages.map((stage) => stageAfter({ cas, stage })),
    ];
    expect(all(['etcd-ca', 'front-proxy-ca'])).toEqual([
      ['trust', 'sign', 'retire'],
      ['sign', 'retire', 'trust', undefined],
    ]);
    for (const id of ['ca', 'sa'] as const)
      expect(all(['etcd-ca', id])).toEqual([
        ['trust', 'sign', 'roll', 'retire'],
        ['sign', 'roll', 'retire', undefined],
      ]);
  });

  it('present the new CA to clients of the former one while both are accepted, and say what is refused at the end', () => {
    const views = rotationStages.map((stage) => rotationView(specs, material, { cas: ['ca', 'sa'], stage }));
    expect(views.map(({ cross }) => cross.get('ca'))).toEqual([
      undefined,
      'new by old',
      'new by old',
      undefined,
    ]);
    expect(views.map(({ retired }) => [...retired])).toEqual([[], [], [], [['ca', 'old']]]);
  });

  it('say what is not there', () => {
    const lost = new Map([...material].filter(([path]) => !/^next\/(etcd|sa)/.test(path)));
    const view = rotationView(specs, lost, { cas: ['etcd-ca', 'sa'], stage: 'sign' });
    expect([view.missing, view.material.get('etcd/ca.crt')]).toEqual([['next/etcd/ca', 'next/sa'], 'old']);
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

it.each(rotatable)(
  '%s: at no moment a host presents what another does not accept, wherever a run is killed',
  (id) => {
    const stages = stagesOf({ cas: [id] });
    const steps = [undefined, ...stages].map((stage) => at(id, stage));
    const move: fc.Arbitrary<Move> = fc.record({
      host: fc.nat({ max: 2 }),
      what: fc.constantFrom('serves' as const, 'accepts' as const),
    });
    const refused = (hosts: readonly HostState[]): boolean =>
      hosts.some((one) =>
        hosts.some(
          (other) => steps[one.accepts]?.trusted.includes(steps[other.serves]?.signer ?? '') !== true,
        ),
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
          if (reached && stage < stages.length) stage += 1;
        }
        ended += stage === stages.length ? 1 : 0;
      }),
    );
    expect(ended).toBeGreaterThan(50);
  },
);
