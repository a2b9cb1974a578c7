import type { Rotatable } from '../model/pki.ts';
import type { Material } from './plan.ts';
import type { CaId, CertificateSpec } from './types.ts';

/**
 * How an exchange goes. `trust`: the former CA signs, and both are accepted; `sign`: the new one signs, and both are
 * accepted; `roll`: as `sign`, while Pods that hold old tokens and CAs are replaced; `retire`: only the new one is
 * accepted. A stage begins when every host has reached the one before: so at any time, whoever verifies a certificate
 * accepts its issuer, whichever of two neighbouring stages either has reached.
 */
export const rotationStages = ['trust', 'sign', 'roll', 'retire'] as const;
export type RotationStage = (typeof rotationStages)[number];

/** An exchange of CAs that has begun, as the state folder records it. */
export interface Rotation {
  readonly cas: readonly Rotatable[];
  readonly stage: RotationStage;
  /** For `roll`: Pods that the API server created until then hold what was before. RFC 3339, by the API server's clock. */
  readonly since?: string;
}

/** The path stem of a new CA or key, until it takes the place of the former one. */
export const nextStem = (stem: string): string => `next/${stem}`;

/** The path stem of the new CA's certificate as the former CA signs it: for clients that know the former one only. */
export const crossStem = (stem: string): string => `next/${stem}-cross`;

/** A PKI in the middle of an exchange: what signs, and which others are accepted. */
export interface RotationView {
  /** With the CAs and keys that sign at their usual paths. */
  readonly material: Material;
  /** What is accepted besides those: CAs as PEM; for `sa`, the other private key. */
  readonly others: ReadonlyMap<Rotatable, string>;
  /** Certificates that servers present after their own, as PEM: with them, clients that know the former CA verify it. */
  readonly cross: ReadonlyMap<CaId, string>;
  /** CAs that nobody may accept any more. */
  readonly retired: ReadonlyMap<CaId, string>;
}

/** Nothing besides what signs. */
export const noExchange: Omit<RotationView, 'material'> = {
  others: new Map(),
  cross: new Map(),
  retired: new Map(),
};

/** What a PKI on disk means at a stage. Paths of new CAs that do not exist yet are `missing`, as path stems. */
export function rotationView(
  specs: readonly CertificateSpec[],
  onDisk: Material,
  { cas, stage }: Pick<Rotation, 'cas' | 'stage'>,
): RotationView & { readonly missing: readonly string[] } {
  const material = new Map(onDisk);
  const others = new Map<Rotatable, string>();
  const cross = new Map<CaId, string>();
  const retired = new Map<CaId, string>();
  const missing: string[] = [];
  for (const spec of specs) {
    if (spec.kind === 'leaf' || !cas.includes(spec.id)) continue;
    const stem = nextStem(spec.path);
    const files = spec.kind === 'ca' ? ['crt', 'key'] : ['key'];
    const next = files.map((file) => [`${spec.path}.${file}`, onDisk.get(`${stem}.${file}`)] as const);
    if (next.some(([, text]) => text === undefined)) {
      missing.push(stem);
      continue;
    }
    // What others accept: a certificate, or the key itself.
    const accepted = spec.kind === 'ca' ? 'crt' : 'key';
    const other = onDisk.get(`${stage === 'trust' ? stem : spec.path}.${accepted}`);
    if (stage !== 'retire' && other !== undefined) others.set(spec.id, other);
    if (stage === 'retire' && spec.kind === 'ca' && other !== undefined) retired.set(spec.id, other);
    if (stage === 'trust') continue;
    for (const [path, text] of next) if (text !== undefined) material.set(path, text);
    const crossed = spec.kind === 'ca' ? onDisk.get(`${crossStem(spec.path)}.crt`) : undefined;
    if (spec.kind === 'ca' && stage !== 'retire' && crossed !== undefined) cross.set(spec.id, crossed);
  }
  return { material, others, cross, retired, missing };
}

/** The stages that an exchange goes through: nothing in a Pod depends on etcd's CA, or on that of the front proxy. */
export function stagesOf({ cas }: Pick<Rotation, 'cas'>): readonly RotationStage[] {
  return rotationStages.filter((stage) => stage !== 'roll' || cas.includes('ca') || cas.includes('sa'));
}

/** `stage 2 of 4` */
export function stageText(rotation: Pick<Rotation, 'cas' | 'stage'>): string {
  const stages = stagesOf(rotation);
  return `stage ${stages.indexOf(rotation.stage) + 1} of ${stages.length}`;
}

/** The stage after that of an exchange; undefined after the last one. */
export function stageAfter(rotation: Pick<Rotation, 'cas' | 'stage'>): RotationStage | undefined {
  const stages = stagesOf(rotation);
  return stages[stages.indexOf(rotation.stage) + 1];
}
