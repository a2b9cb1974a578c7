import { images, metallbImages } from '../catalog/images.ts';
import type { Release, Releases } from '../catalog/release.ts';
import { systemName, systemOf } from '../catalog/systems.ts';
import type { InventoryRecord } from '../inventory/record.ts';
import { etcdHosts, hasExternalEtcd, type Cluster, type Host } from '../model/cluster.ts';
import { sha256 } from '../model/digest.ts';
import type { EncryptionConfig, EncryptionKeys } from '../model/encryption.ts';
import type { HostFacts } from '../model/facts.ts';
import type { RenderedAddons } from '../kube/addons.ts';
import type { Stage } from '../model/stage.ts';
import type { Rotation } from '../pki/rotation.ts';
import { trustBundle, type Pki } from '../pki/types.ts';
import type { InitialCluster } from '../model/etcd.ts';
import type { Renderer } from '../render/params.ts';
import { placeholder } from '../resource/placeholder.ts';
import { hostFolder } from '../resource/prelude.ts';
import type { FileResource, PackageResource, Resource } from '../resource/types.ts';
import type { Bundle, BundleFile } from '../store/bundle.ts';
import type { Uploads } from '../store/uploads.ts';
import { packagesInBundle } from './bundle-contents.ts';
import { archiveVersion, releaseFiles, type ReleaseFiles } from './release-files.ts';
import { hardened } from './text/hardened.ts';
import type { HostText, TextContext } from './text/types.ts';

interface HostStart {
  readonly host: string;
  readonly membership: InitialCluster;
}

/** Everything that the desired state of a cluster is derived from. */
export interface Desire {
  readonly cluster: Cluster;
  /** What each Kubernetes version is installed with. */
  readonly releases: Releases;
  readonly renderer: Renderer;
  readonly pki: Pki;
  /** Undefined while the CA is not issued yet. */
  readonly clusterId: string | undefined;
  readonly bundle: Bundle | undefined;
  /** The source files of spec.files on this machine, by path. */
  readonly uploads: Uploads;
  /** The objects of spec.addons; absent: they were not rendered, and are not compared. */
  readonly addons?: RenderedAddons | undefined;
  /** What the cluster keeps of the inventory. */
  readonly record?: InventoryRecord;
  /** The exchange of CAs that has begun. */
  readonly rotation?: Rotation | undefined;
  /** Keys that API servers encrypt with; absent: none is made yet. */
  readonly encryptionKeys?: EncryptionKeys;
  /** What the API server of each host encrypts with; a host that is not in it does as in a new cluster. */
  readonly encryption?: ReadonlyMap<string, EncryptionConfig>;
  /** Whether `unless` of hooks on hosts may run while planning. */
  readonly mayAskHooks?: boolean;
  /** Whether the API server of each host verifies kubelets; a host that is not in it does as the inventory says. */
  readonly verifying?: ReadonlyMap<string, boolean>;
  /** Whether etcd members bootstrap, join or stay; undefined: they bootstrap. */
  readonly membership?: { readonly hosts: readonly HostStart[] };
}

/** What the cluster's Kubernetes version is installed with. Throws KbootError E-INVENTORY if it is not known. */
export function releaseOf({ releases, cluster }: Pick<Desire, 'releases' | 'cluster'>): Release {
  return releases.get(cluster.kubernetesVersion);
}

const contexts = new WeakMap<Desire, Map<string, TextContext>>();

/** The context for rendering texts for one architecture; created once. */
export function textContext(desire: Desire, facts: Pick<HostFacts, 'architecture'>): TextContext {
  const { architecture } = facts;
  const made = contexts.get(desire) ?? new Map<string, TextContext>();
  contexts.set(desire, made);
  let context = made.get(architecture);
  if (context === undefined) {
    const { renderer, bundle, uploads } = desire;
    const cluster = hardened(desire.cluster);
    const release = releaseOf(desire);
    const versionOf = (name: 'containerd' | 'etcd'): string =>
      archiveVersion(name, release, architecture, bundle);
    const versions = {
      // A static Pod uses the release's image, whatever archive is in the bundle.
      etcd: hasExternalEtcd(cluster) ? versionOf('etcd') : release.etcd,
      containerd: versionOf('containerd'),
    };
    const { imageRepository } = cluster;
    context = {
      ...{ cluster, renderer, versions, uploads },
      images: images(release, imageRepository),
      metallb: metallbImages(release, imageRepository),
    };
    made.set(architecture, context);
  }
  return context;
}

/** PEM of the cluster's CA, or its placeholder until it is issued. */
export function caPem(pki: Pki): string {
  return pki.isIssued('ca') ? trustBundle(pki, 'ca') : placeholder('ca.crt');
}

/** The release files for one host's architecture. */
export function filesFor(desire: Desire, facts: Pick<HostFacts, 'architecture'>): ReleaseFiles {
  return releaseFiles(desire.cluster, releaseOf(desire), facts.architecture, desire.bundle);
}

/** Flags of a host's member: from the membership plan, or those for bootstrapping. */
export function membershipOf(desire: Desire, host: Host): InitialCluster {
  return (
    desire.membership?.hosts.find((member) => member.host === host.name)?.membership ?? {
      initialCluster: etcdHosts(desire.cluster).map(({ name, address }) => ({ name, address })),
      state: 'new',
    }
  );
}

/**
 * A package of the host's distribution, from the bundle if that has the distribution's packages; `files` are kboot's own for
 * the package's service, which it may also contain.
 */
export function packageOf(
  { bundle }: Pick<Desire, 'bundle'>,
  facts: HostFacts,
  stage: Stage,
  name: string,
  files?: readonly HostText[],
): PackageResource {
  const brings = files && { unit: name, files: files.map(({ path }) => path) };
  const source = packagesFor(bundle, facts) && packagesFolder;
  const manager = systemOf(facts).packageManager;
  return { kind: 'package', stage, name, manager, ...(source && { source }), ...(brings && { brings }) };
}

/** Where packages of a bundle are on hosts. */
export const packagesFolder = `${hostFolder}/packages`;

/** The packages of the host's distribution in the bundle; undefined if it has none. */
export function packagesFor(bundle: Bundle | undefined, facts: HostFacts): BundleFile | undefined {
  const system = systemName(facts);
  if (system === undefined) return undefined;
  const path = packagesInBundle(system, facts.architecture);
  return bundle?.files.find((file) => file.path === path);
}

/** Folders with mode 755. */
export function folders(stage: Stage, list: readonly string[]): Resource[] {
  return list.map((path) => ({ kind: 'directory', stage, path, mode: '755' }));
}

/** A rendered text as a file; `readBy` names the processes that read it. */
export function textFile(stage: Stage, file: HostText, readBy?: readonly string[]): FileResource {
  return {
    kind: 'file',
    stage,
    path: file.path,
    mode: file.mode.toString(8),
    content:
      file.secret === undefined
        ? { kind: 'text', text: file.text }
        : { kind: 'secret', name: file.secret, digest: sha256(file.text) },
    ...(readBy && { readBy }),
  };
}
