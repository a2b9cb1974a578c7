import { createHash, randomBytes } from 'node:crypto';
import { profileSettings } from '../../src/inventory/security-profiles.ts';
import type { Cluster, Host, Role } from '../../src/model/cluster.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { issueCa, issueLeaf, type IssueContext } from '../../src/pki/issue.ts';
import { generateRsaKey } from '../../src/pki/keys.ts';
import type { CaSpec, CertificateSpec, KeyPair, LeafSpec } from '../../src/pki/types.ts';

export const now = new Date('2026-11-20T10:00:00Z');
export const context: IssueContext = { now, randomBytes };

export function host(name: string, address: string, ...roles: Role[]): Host {
  return { name, address, roles, connection: { kind: 'local' }, labels: {}, taints: [] };
}

/** The sample cluster of the kubeadm facts: node cp1, 10.99.7.11, everything else default. */
export function sampleCluster(changes: Partial<Cluster> = {}): Cluster {
  const component = { extraArgs: [] };
  return {
    name: 'sample',
    kubernetesVersion: 'v1.36.2',
    controlPlaneEndpoint: { host: '10.99.7.11', port: 6443 },
    networking: {
      podSubnets: ['10.244.0.0/16'],
      serviceSubnets: ['10.96.0.0/12'],
      dnsDomain: 'cluster.local',
      flannel: { backend: 'vxlan' },
    },
    security: { profile: 'kubeadm', ...profileSettings.kubeadm },
    caKeyAlgorithm: 'RSA-2048',
    rotate: [],
    etcd: component,
    apiServer: { ...component, certSANs: [] },
    controllerManager: component,
    scheduler: component,
    kubelet: { config: {} },
    kubeProxy: { config: {} },
    containerd: { config: {} },
    imageRepository: 'registry.k8s.io',
    artifacts: {},
    upgrade: {
      maxUnavailable: 1,
      drain: { timeoutSeconds: 300, deleteEmptyDirData: true, force: false },
    },
    hosts: [host('cp1', '10.99.7.11', 'control-plane')],
    ...changes,
  };
}

const poolSize = 4;
let pool: Promise<string[]> | undefined;

/** One of a few RSA keys, made once per test file; key generation is what takes time. */
export async function keyFor(name: string): Promise<string> {
  pool ??= Promise.all(Array.from({ length: poolSize }, generateRsaKey));
  const keys = await pool;
  return keys[(createHash('sha256').update(name).digest()[0] ?? 0) % poolSize] ?? '';
}

export function caSpec(cluster: Cluster, id: string): CaSpec {
  const spec = certificatesFor(cluster).find((candidate) => candidate.id === id);
  if (spec?.kind !== 'ca') throw new Error(`no CA ${id}`);
  return spec;
}

export function leafSpec(cluster: Cluster, id: string, hostName: string): LeafSpec {
  const spec = leaves(certificatesFor(cluster)).find((leaf) => leaf.id === id && leaf.host === hostName);
  if (spec === undefined) throw new Error(`no certificate ${id} of ${hostName}`);
  return spec;
}

export function leaves(specs: readonly CertificateSpec[]): LeafSpec[] {
  return specs.filter((spec) => spec.kind === 'leaf');
}

export async function makeCa(spec: CaSpec, using: IssueContext = context): Promise<KeyPair> {
  const key = await keyFor(spec.path);
  return { cert: issueCa(spec, key, using), key };
}

export async function makeLeaf(spec: LeafSpec, ca: KeyPair, using: IssueContext = context): Promise<KeyPair> {
  const key = await keyFor(spec.path);
  return { cert: issueLeaf(spec, key, ca, using), key };
}

/**
 * The whole PKI of a cluster as the store would lay it out. Certificates whose contents are in `kept`, from an earlier
 * call, are not issued again.
 */
export async function material(
  cluster: Cluster,
  using: IssueContext = context,
  kept = new Map<string, KeyPair>(),
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const cas = new Map<string, KeyPair>();
  for (const spec of certificatesFor(cluster)) {
    if (spec.kind === 'key') {
      files.set(`${spec.path}.key`, await keyFor(spec.path));
      continue;
    }
    const ca = spec.kind === 'leaf' ? cas.get(spec.ca) : undefined;
    const id = JSON.stringify(spec);
    const pair =
      kept.get(id) ??
      (spec.kind === 'ca' ? await makeCa(spec, using) : await makeLeaf(spec, ca ?? missing(spec.ca), using));
    kept.set(id, pair);
    if (spec.kind === 'ca') cas.set(spec.id, pair);
    files.set(`${spec.path}.crt`, pair.cert);
    files.set(`${spec.path}.key`, pair.key);
  }
  return files;
}

function missing(what: string): never {
  throw new Error(`${what} comes after what it signs`);
}
