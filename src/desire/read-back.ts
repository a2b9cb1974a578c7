import { hostsWith, isNode, type Cluster, type Host } from '../model/cluster.ts';
import { few } from '../model/few.ts';
import { sha256 } from '../model/digest.ts';
import { certificatesFor } from '../pki/certlist.ts';
import { parseCertificates, parsePrivateKey, validity } from '../pki/parse.ts';
import type { Material } from '../pki/plan.ts';
import type { CaSpec, KeyPair, LeafSpec } from '../pki/types.ts';
import { caProblems } from '../pki/verify.ts';
import { kubeletPki } from '../resource/kubelet-pki.ts';
import { hostFolder } from '../resource/prelude.ts';
import { profileRecord } from './security.ts';
import { embeddedIn } from './text/kubeconfig.ts';
import { paths } from './text/paths.ts';
import type { Text } from '../model/language/text.ts';
import { remedies } from './remedies.ts';

/** Texts of files, by path, of every host that was read. */
export type FoundFiles = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Why the state folder cannot be made from what the hosts have. */
export interface Obstacle {
  readonly message: string;
  readonly remedy: Text;
}

/** What belongs into the state folder of a cluster, as its hosts have it. */
export interface ReadBack {
  /** By path under the pki folder. */
  readonly material: Material;
  /** The cluster's identity as kboot recorded it on its hosts; undefined: kboot has not set up any of them. */
  readonly clusterId: string | undefined;
  /** Hosts that kboot has not set up. */
  readonly unstamped: readonly string[];
  /** If there are any, the state folder cannot be made. */
  readonly obstacles: readonly Obstacle[];
  /** Certificates that no host has, or not with the key that fits: the next change of the cluster issues them. */
  readonly missing: readonly string[];
}

const stampPath = `${hostFolder}/cluster`;
/** The first client certificate of a kubelet, which stays there when the kubelet rotates it (resource/client-certificate.ts). */
const firstKubeletPem = '/var/lib/kubelet/pki/kubelet-client-kboot.pem';

/** Every file of a host that has a part of the state folder. */
export function pathsToReadBack(cluster: Cluster, host: Host): readonly string[] {
  const specs = certificatesFor(cluster);
  const shared = host.roles.includes('control-plane') || host.roles.includes('etcd');
  return [
    stampPath,
    ...(host.roles.includes('control-plane') ? [profileRecord] : []),
    ...(shared
      ? specs.flatMap((spec) => {
          if (spec.kind === 'ca') return [`${paths.pki}/${spec.path}.crt`, `${paths.pki}/${spec.path}.key`];
          return spec.kind === 'key' ? [`${paths.pki}/${spec.path}.key`] : [];
        })
      : []),
    ...specs.flatMap((spec) => (spec.kind === 'leaf' && spec.host === host.name ? pathsOfLeaf(spec) : [])),
  ];
}

/**
 * The content of the state folder, put together from the files of its hosts. The CAs and the ServiceAccount key must be
 * the same on all control planes that were read, and complete; certificates are taken from the host that uses them.
 */
export function readBack(cluster: Cluster, found: FoundFiles): ReadBack {
  const specs = certificatesFor(cluster);
  const material = new Map<string, string>();
  const obstacles: Obstacle[] = [];
  const missing: string[] = [];
  for (const spec of specs) {
    switch (spec.kind) {
      case 'ca': {
        const ca = readCa(cluster, spec, found);
        if ('message' in ca) obstacles.push(ca);
        else material.set(`${spec.path}.crt`, ca.cert).set(`${spec.path}.key`, ca.key);
        break;
      }
      case 'key': {
        const key = readShared(found, `${spec.path}.key`, planesOf(cluster));
        if (typeof key !== 'string') obstacles.push(key);
        else if (parsePrivateKey(key) === undefined)
          obstacles.push({
            message: `${spec.path}.key cannot be read as a private key`,
            remedy: remedies.restoreFile,
          });
        else material.set(`${spec.path}.key`, key);
        break;
      }
      case 'leaf': {
        const pair = leafOf(spec, found.get(spec.host) ?? new Map<string, string>());
        if (pair === undefined) missing.push(spec.path);
        else material.set(`${spec.path}.crt`, pair.cert).set(`${spec.path}.key`, pair.key);
      }
    }
  }
  const identity = identityOf(found);
  return {
    material,
    clusterId: identity.id,
    unstamped: identity.unstamped,
    obstacles: [...identity.obstacles, ...obstacles],
    missing: missing.filter((path) => !isKubelet(cluster, path)),
  };
}

/** A kubelet holds its own certificate, and rotates it; kboot's copy of the first one is not needed. */
function isKubelet(cluster: Cluster, path: string): boolean {
  return cluster.hosts.some((host) => isNode(host) && path === `hosts/${host.name}/kubelet`);
}

function planesOf(cluster: Cluster): readonly string[] {
  return hostsWith(cluster, 'control-plane').map(({ name }) => name);
}

/** Names and short digests, so that people can tell which hosts agree. */
function byText(texts: readonly (readonly [string, string])[]): string {
  const groups = new Map<string, string[]>();
  for (const [host, text] of texts) groups.set(text, [...(groups.get(text) ?? []), host]);
  return [...groups].map(([text, hosts]) => `${few(hosts, 3)} (${sha256(text).slice(0, 12)})`).join(', ');
}

/** The text of a file that all these hosts share; those that lack it do not count. */
function readShared(found: FoundFiles, file: string, hosts: readonly string[]): string | Obstacle {
  const texts = hosts.flatMap((host): [string, string][] => {
    const text = found.get(host)?.get(`${paths.pki}/${file}`);
    return text === undefined ? [] : [[host, text]];
  });
  const [first] = texts;
  if (first === undefined) {
    const read = hosts.filter((host) => found.has(host));
    return { message: `${paths.pki}/${file} is missing on ${few(read, 3)}`, remedy: remedies.restoreFile };
  }
  if (texts.every(([, text]) => text === first[1])) return first[1];
  return {
    message: `${paths.pki}/${file} is not the same on all control planes: ${byText(texts)}`,
    remedy: remedies.sharedFile,
  };
}

function readCa(cluster: Cluster, spec: CaSpec, found: FoundFiles): KeyPair | Obstacle {
  const planes = planesOf(cluster);
  const cert = readShared(found, `${spec.path}.crt`, planes);
  if (typeof cert !== 'string') return cert;
  const key = readShared(found, `${spec.path}.key`, planes);
  if (typeof key !== 'string')
    return { ...key, ...(spec.id === 'etcd-ca' && isKeptElsewhere(cluster) && keyOfEtcd(planes)) };
  const chain = parseCertificates(cert);
  const at = `${paths.pki}/${spec.path}.crt`;
  if (chain !== undefined && chain.filter((each) => each.subject === each.issuer).length > 1)
    return {
      message: `${at} has several CAs: a rotation that has not ended, or a bundle`,
      remedy: remedies.whichCaSigns,
    };
  // What has expired belongs into the state folder as well; plans say what that means.
  const within = chain === undefined ? new Date() : validity(chain[0]).notBefore;
  const problems = caProblems({ cert, key }, within);
  return problems.length === 0
    ? { cert, key }
    : { message: `${at} ${problems.join('; ')}`, remedy: remedies.restoreFile };
}

/** Versions of kboot before this command had the key of the CA of etcd hosts in the state folder only. */
function isKeptElsewhere(cluster: Cluster): boolean {
  return cluster.etcd.external === undefined && hostsWith(cluster, 'etcd').length > 0;
}

function keyOfEtcd(planes: readonly string[]): Obstacle {
  const path = `${paths.pki}/etcd/ca.key`;
  return {
    message: `${path} is on no control plane: the cluster has etcd hosts, and an older kboot kept the key of etcd's CA in the state folder only`,
    remedy: remedies.putEtcdKey({ plane: planes[0] ?? '', path }),
  };
}

function identityOf(found: FoundFiles): {
  readonly id: string | undefined;
  readonly unstamped: readonly string[];
  readonly obstacles: readonly Obstacle[];
} {
  const stamps = [...found].map(([host, files]) => [host, (files.get(stampPath) ?? '').trim()] as const);
  const stamped = stamps.filter(([, stamp]) => stamp !== '');
  const unstamped = stamps.flatMap(([host, stamp]) => (stamp === '' ? [host] : []));
  const ids = new Set(stamped.map(([, stamp]) => stamp));
  if (ids.size > 1)
    return {
      ...{ id: undefined, unstamped },
      obstacles: [
        {
          message: `the hosts belong to different clusters: ${stamped.map(([host, stamp]) => `${host} to ${stamp.replace('sha256:', '').slice(0, 12)}`).join(', ')} (${stampPath})`,
          remedy: remedies.hostsOfOneCluster,
        },
      ],
    };
  const [id] = ids;
  const valid = id === undefined || /^sha256:[0-9a-f]{64}$/.test(id);
  return {
    ...{ id: valid ? id : undefined, unstamped },
    obstacles: valid
      ? []
      : [
          {
            message: `${stampPath} on the hosts does not contain a cluster ID`,
            remedy: remedies.restoreFile,
          },
        ],
  };
}

function pathsOfLeaf({ id, target }: LeafSpec): readonly string[] {
  if (id === 'kubelet') return [firstKubeletPem];
  if (target.in === 'kubeconfig') return [`/etc/kubernetes/${target.file}`];
  const folder = target.in === 'pki' ? paths.pki : kubeletPki;
  return [`${folder}/${target.stem}.crt`, `${folder}/${target.stem}.key`];
}

/** The pair as its host has it; undefined if it is not complete, or the key does not fit. */
function leafOf(spec: LeafSpec, files: ReadonlyMap<string, string>): KeyPair | undefined {
  const [first = '', second = ''] = pathsOfLeaf(spec).map((path) => files.get(path) ?? '');
  const pair =
    spec.id === 'kubelet'
      ? splitPem(first)
      : spec.target.in === 'kubeconfig'
        ? embeddedIn(first)
        : { cert: first, key: second };
  const certificate = parseCertificates(pair.cert)?.[0];
  const key = parsePrivateKey(pair.key);
  return certificate !== undefined && key !== undefined && certificate.checkPrivateKey(key)
    ? pair
    : undefined;
}

/** A certificate followed by its key. */
function splitPem(text: string): KeyPair {
  const at = text.search(/-----BEGIN [A-Z ]*PRIVATE KEY-----/);
  return at < 0 ? { cert: text, key: '' } : { cert: text.slice(0, at), key: text.slice(at) };
}
