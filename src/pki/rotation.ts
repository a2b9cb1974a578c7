import type { Material } from './plan.ts';
import type { CaId, CertificateSpec } from './types.ts';

/** CAs that can be exchanged while the cluster runs. */
export const rotatable = ['etcd-ca'] as const satisfies readonly CaId[];
export type Rotatable = (typeof rotatable)[number];

/**
 * How an exchange goes. `trust`: the former CA signs, and both are accepted; `sign`: the new one signs, and both are
 * accepted; `retire`: only the new one is. A stage begins when every host has reached the one before: so at any time, whoever
 * verifies a certificate accepts its issuer, whichever of two neighbouring stages either has reached.
 */
export const rotationStages = ['trust', 'sign', 'retire'] as const;
export type RotationStage = (typeof rotationStages)[number];

/** An exchange of CAs that has begun, as the state folder records it. */
export interface Rotation {
  readonly cas: readonly Rotatable[];
  readonly stage: RotationStage;
}

/** The path stem of a new CA, until it takes the place of the former one. */
export const nextStem = (stem: string): string => `next/${stem}`;

/** A PKI in the middle of an exchange: what signs, and which other CAs are accepted. */
export interface RotationView {
  /** With the CAs that sign at their usual paths. */
  readonly material: Material;
  /** The CAs that are accepted besides those, as PEM. */
  readonly others: ReadonlyMap<CaId, string>;
}

/** What a PKI on disk means at a stage. Paths of new CAs that do not exist yet are `missing`, as path stems. */
export function rotationView(
  specs: readonly CertificateSpec[],
  onDisk: Material,
  { cas, stage }: Rotation,
): RotationView & { readonly missing: readonly string[] } {
  const material = new Map(onDisk);
  const others = new Map<CaId, string>();
  const missing: string[] = [];
  for (const spec of specs) {
    if (spec.kind !== 'ca' || !isRotatable(spec.id) || !cas.includes(spec.id)) continue;
    const stem = nextStem(spec.path);
    const [cert, key] = [onDisk.get(`${stem}.crt`), onDisk.get(`${stem}.key`)];
    if (cert === undefined || key === undefined) {
      missing.push(stem);
      continue;
    }
    const former = onDisk.get(`${spec.path}.crt`);
    if (stage === 'trust') others.set(spec.id, cert);
    else {
      material.set(`${spec.path}.crt`, cert).set(`${spec.path}.key`, key);
      if (stage === 'sign' && former !== undefined) others.set(spec.id, former);
    }
  }
  return { material, others, missing };
}

export function isRotatable(id: string): id is Rotatable {
  return (rotatable as readonly string[]).includes(id);
}

/** The stage after another; undefined after the last one. */
export function stageAfter(stage: RotationStage): RotationStage | undefined {
  return rotationStages[rotationStages.indexOf(stage) + 1];
}
