import { homedir } from 'node:os';
import { join } from 'node:path';
import { lockFileName, newerPatch } from '../catalog/release-lock.ts';
import type { Desire } from '../desire/context.ts';
import type { Cluster } from '../model/cluster.ts';
import { stagesUntil, type Stage } from '../model/stage.ts';
import type { KeyMaterial, StoredAs } from '../model/encryption.ts';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Rotatable } from '../model/pki.ts';
import { withForeignEtcd, type ForeignEtcdPems } from '../pki/foreign-etcd.ts';
import type { Material } from '../pki/plan.ts';
import { stageText, stagesOf, type Rotation } from '../pki/rotation.ts';
import type { LeafSpec, Pki } from '../pki/types.ts';
import { createRenderer } from '../render/renderer.ts';
import type { Renderer } from '../render/params.ts';
import type { GivenBundle } from '../store/bundle-folder.ts';
import { loadEncryptionKeys } from '../store/encryption-keys.ts';
import { countPrivateFiles, isUnsettled } from '../store/private-files.ts';
import { loadPki } from '../store/pki.ts';
import { dueRotation } from '../store/rotated.ts';
import { defaultStateDir, peekState, type State } from '../store/state.ts';
import { imagesToPull, refuseUnlockedImages } from './addons/images.ts';
import { renderAddons } from './addons/render.ts';
import { bundleFor, openBundles, type BundleChoice } from './bundles.ts';
import { readInventory, type ReadInventory } from './read-inventory.ts';

export interface CommonOptions {
  readonly inventory: string;
  readonly state?: string | undefined;
  /** For the inventory's version, and for versions on the way there. */
  readonly bundles?: readonly GivenBundle[];
  /** Bundles may differ from kboot.lock.yaml. */
  readonly allowUnofficial?: boolean;
  /** Problems with the files of spec.etcd.external are only warnings: the command does not need them. */
  readonly withoutEtcdFiles?: boolean;
  /** Renew the certificates of these hosts, except those that kubelets renew themselves; empty: of all hosts. */
  readonly renewCerts?: { readonly hosts: readonly string[] } | undefined;
  /** The inventory, if it was read already. */
  readonly read?: ReadInventory;
  /** Exchange these CAs, if no exchange has begun. */
  readonly rotate?: readonly Rotatable[];
  /** Hosts read every file that is compared, whatever they remember of it. */
  readonly deep?: boolean;
}

/**
 * The inputs of every command on a cluster: the inventory, the operator's state, the bundles (`desire.bundle` is the one
 * for the inventory's version). Nothing is written.
 */
export interface Workspace extends BundleChoice {
  readonly inventoryFile: string;
  readonly cluster: Cluster;
  readonly warnings: readonly Diagnostic[];
  readonly preflightIgnore: readonly string[];
  readonly state: State;
  /** Hosts read every file that is compared, whatever they remember of it. */
  readonly deep?: boolean;
  /** The certificates that are valid now and give access to the cluster; `desire.pki` excludes those that are renewed. */
  readonly pki: Pki;
  /** The credentials for an etcd that someone else runs. */
  readonly foreignEtcd: ForeignEtcdPems | undefined;
  /** Keys of spec.encryption; reading hosts adds those that the state folder lacks, and apply saves them there. */
  readonly encryptionKeys: Map<StoredAs, KeyMaterial>;
  /** CAs that apply would write, by path, when it begins to exchange some. */
  readonly nextCas: Material;
  readonly rotation: Rotation | undefined;
  /** What spec.pki.rotate lists, and was not exchanged yet. */
  readonly rotationDue: readonly Rotatable[];
  /** Paths of certificates and keys that apply would issue. */
  readonly toIssue: readonly string[];
  /** For plans up to a stage: what the profile of a new cluster costs, about certificates, and the notices. */
  readonly notes: (until: Stage) => readonly string[];
  /** What the operator may want to do, such as an upgrade to a patch release that the lock has. */
  readonly notices: readonly string[];
  readonly desire: Desire;
}

/** Opens the workspace of a cluster. Throws what the inventory, state and bundle throw. */
export async function openWorkspace(options: CommonOptions): Promise<Workspace> {
  const { cluster, releases, locked, record, warnings, foreignEtcd, uploads, addonSources } =
    options.read ??
    (await readInventory(options.inventory, {
      withoutFiles: options.withoutEtcdFiles === true,
      state: options.state,
    }));
  const state = await peekState(options.state ?? defaultStateDir(options.inventory, cluster.name));
  const hosts = options.renewCerts?.hosts;
  const renew =
    hosts && (({ id, host }: LeafSpec) => id !== 'kubelet' && (hosts.length === 0 || hosts.includes(host)));
  const loaded = await loadPki(state, cluster, {
    ...{ now: new Date(), renew },
    ...(options.rotate && { rotate: options.rotate }),
  });
  const pki = usedPki(cluster, loaded.current, foreignEtcd);
  const lasting = usedPki(cluster, loaded.pki, foreignEtcd);
  const encryptionKeys = await loadEncryptionKeys(state, cluster);
  const rotationDue = await dueRotation(state, cluster);
  const choice = {
    bundles: openBundles(options.bundles ?? []),
    releases,
    allowUnofficial: options.allowUnofficial === true,
    signers: cluster.artifacts.bundleSigners,
  };
  const bundle = bundleFor(choice, cluster.kubernetesVersion);
  // A command that needs no files of the inventory compares no add-ons either.
  const made =
    options.withoutEtcdFiles === true
      ? undefined
      : await renderAddons(cluster.addons ?? [], addonSources, {
          ...{ kubernetesVersion: cluster.kubernetesVersion, bundle },
        });
  const addons = made?.rendered;
  if (addons !== undefined)
    refuseUnlockedImages(
      cluster,
      addons,
      locked.find((each) => each.kubernetesVersion === cluster.kubernetesVersion),
    );
  const newer = newerPatch(locked, cluster.kubernetesVersion);
  const notices =
    newer === undefined ? [] : [`${newer} is in ${lockFileName}; set spec.kubernetesVersion to upgrade`];
  const renderer = createRenderer(cluster.templates === undefined ? {} : { templatesDir: cluster.templates });
  const notes = [
    ...loaded.warnings,
    ...rotationNotes(loaded.rotation),
    ...(loaded.rotation === undefined ? dueNotes(rotationDue) : []),
    ...(await keyNotes(state, cluster)),
    ...notices,
  ];
  return {
    inventoryFile: options.inventory,
    cluster,
    warnings,
    preflightIgnore: cluster.preflight?.ignore ?? [],
    state,
    ...(options.deep === true && { deep: true }),
    pki,
    foreignEtcd,
    encryptionKeys,
    nextCas: loaded.next,
    rotation: loaded.rotation,
    rotationDue,
    toIssue: [
      ...[...loaded.next.keys()].flatMap((path) => (path.endsWith('.crt') ? [path.slice(0, -4)] : [])),
      ...loaded.toIssue.map(({ spec }) => spec.path),
    ],
    notes: (until) => [
      ...(pki.clusterId() === undefined && stagesUntil(until).includes('control-plane')
        ? foundingNotes(cluster)
        : []),
      ...(addons !== undefined && stagesUntil(until).includes('addon')
        ? [...(made?.notes ?? []), ...imagesToPull(cluster, addons, bundle)]
        : []),
      ...notes,
    ],
    notices,
    ...choice,
    desire: {
      ...desireOf(cluster, renderer, lasting, { releases, bundle, uploads, record, encryptionKeys, addons }),
      rotation: loaded.rotation,
    },
  };
}

/** What the profile of a new cluster costs its users. */
function foundingNotes({ security: { profile } }: Cluster): readonly string[] {
  if (profile === 'kubeadm') return [];
  const pods =
    profile === 'baseline'
      ? 'need the host (privileged, hostNetwork, hostPath)'
      : 'run as root or with privileges';
  return [
    `security profile ${profile}: Pods that ${pods} are refused unless their namespace is labelled; requests are logged; Secrets are encrypted in etcd; \`kubeadm join\` cannot add nodes. spec.security.profile: kubeadm leaves all of it as kubeadm has it`,
  ];
}

/** Whether the private keys on this machine are not as spec.state says. */
async function keyNotes(state: State, { state: wanted }: Cluster): Promise<readonly string[]> {
  if (!(await isUnsettled(state, wanted))) return [];
  const { all, encrypted } = await countPrivateFiles(state);
  if (all === 0) return [];
  const change =
    wanted?.encryptKeys !== true
      ? 'decrypts'
      : encrypted < all
        ? 'encrypts'
        : 'encrypts for other recipients';
  return [`\`kboot up\` ${change} the private keys in ${state.dir}, as spec.state says`];
}

/** How far an exchange of CAs has gone. */
function rotationNotes(rotation: Rotation | undefined): readonly string[] {
  if (rotation === undefined) return [];
  const words: Readonly<Record<Rotation['stage'], string>> = {
    trust: 'hosts accept what is new besides the former, which still signs',
    sign: 'newly signed certificates and tokens replace the old ones; both are accepted',
    roll: 'workloads whose Pods hold old tokens or CAs are restarted',
    retire: 'what was signed by the former is no longer accepted',
  };
  const outside =
    rotation.cas.includes('ca') && (rotation.stage === 'sign' || rotation.stage === 'roll')
      ? [
          'kubeconfigs outside of the hosts work until the last stage: give their users new ones before that (`kboot kubeconfig`)',
        ]
      : [];
  return [
    `exchange of ${rotation.cas.join(', ')}, ${stageText(rotation)}: ${words[rotation.stage]}`,
    ...outside,
  ];
}

/** What `kboot up` does once nothing else is to do. */
function dueNotes(cas: readonly Rotatable[]): readonly string[] {
  if (cas.length === 0) return [];
  const stages = stagesOf({ cas }).length;
  return [
    `spec.pki.rotate: \`kboot up\` exchanges ${cas.join(', ')} after this plan, in ${stages} stages with plans of their own`,
  ];
}

/** The state folder's PKI, with certificates that others issue added. */
export function usedPki(cluster: Cluster, pki: Pki, foreignEtcd: ForeignEtcdPems | undefined): Pki {
  return cluster.etcd.external === undefined ? pki : withForeignEtcd(pki, foreignEtcd);
}

/** The inputs of the desired state of a cluster. */
export function desireOf(
  cluster: Cluster,
  renderer: Renderer,
  pki: Pki,
  sources: Pick<Desire, 'releases' | 'bundle' | 'uploads' | 'record' | 'encryptionKeys' | 'addons'>,
): Desire {
  return {
    cluster,
    renderer,
    pki,
    clusterId: pki.clusterId(),
    ...sources,
  };
}

/** known_hosts files, as ssh reads them. */
export function knownHostsFiles(): readonly string[] {
  const extra = process.env['KBOOT_KNOWN_HOSTS'];
  return [
    ...(extra === undefined || extra === '' ? [] : [extra]),
    join(homedir(), '.ssh', 'known_hosts'),
    '/etc/ssh/ssh_known_hosts',
  ];
}
