import { clusterIdOf } from './digest.ts';
import { publicKeyPem } from './keys.ts';
import type { Material } from './plan.ts';
import { noExchange, type RotationView } from './rotation.ts';
import type { CertificateSpec, KeyPair, Pki } from './types.ts';

/**
 * Lookups in `material`, which has everything that is valid; for the rest of `specs` they return placeholders.
 * `clusterId`: as it was recorded; undefined: that of the CA in `material`, as for a cluster that is new. `exchange`: what is
 * accepted besides what is in `material`, while a CA is exchanged.
 */
export function createPki(
  specs: readonly CertificateSpec[],
  material: Material,
  clusterId?: string,
  { others, cross, retired }: Omit<RotationView, 'material'> = noExchange,
): Pki {
  const byName = new Map(
    specs.map((spec) => [nameOf(spec.id, spec.kind === 'leaf' ? spec.host : undefined), spec]),
  );
  const first = specs.flatMap((spec) => (spec.kind === 'leaf' && spec.id === 'admin' ? [spec.host] : []))[0];

  const find = (id: CertificateSpec['id'], host: string | undefined): CertificateSpec => {
    const spec =
      byName.get(nameOf(id, host)) ?? (host === undefined ? byName.get(nameOf(id, first)) : undefined);
    if (spec === undefined) throw new Error(`no ${id} in the certificate list for ${host ?? 'the cluster'}`);
    return spec;
  };
  const text = (path: string): string => material.get(path) ?? placeholder(path);
  const pair = (spec: CertificateSpec): KeyPair => ({
    cert: text(`${spec.path}.crt`),
    key: text(`${spec.path}.key`),
  });

  return {
    signer: (id) => pair(find(id, undefined)),
    trusted: (id) => [pair(find(id, undefined)).cert, ...[others.get(id) ?? []].flat()],
    retired: (id) => retired.get(id) ?? '',
    cross: (id) => cross.get(id) ?? '',
    clusterId: () => clusterId ?? idOf(material.get(`${find('ca', undefined).path}.crt`)),
    certificate: (id, host) => pair(find(id, host)),
    serviceAccount: () => {
      const { path } = find('sa', undefined);
      const key = material.get(`${path}.key`);
      return {
        privateKey: text(`${path}.key`),
        publicKey:
          key === undefined
            ? placeholder(`${path}.pub`)
            : [key, ...[others.get('sa') ?? []].flat()].map(publicKeyPem).join(''),
      };
    },
    isIssued: (id, host) => {
      const spec = find(id, host);
      return material.has(`${spec.path}.key`) && (spec.kind === 'key' || material.has(`${spec.path}.crt`));
    },
  };
}

function idOf(caPem: string | undefined): string | undefined {
  return caPem === undefined ? undefined : clusterIdOf(caPem);
}

function nameOf(id: string, host: string | undefined): string {
  return host === undefined ? id : `${id} ${host}`;
}

/** Placeholder for a PEM that does not exist yet; recognizably not PEM. */
function placeholder(path: string): string {
  return `# ${path}: issued when the plan is applied\n`;
}
