import { few } from '../model/few.ts';
import { plural } from '../model/plural.ts';
import { componentCatalog } from '../catalog/components.ts';
import { withReleases, type Releases } from '../catalog/release.ts';
import { describeInLock, parseLock, type LockedRelease, type ParsedLock } from '../catalog/release-lock.ts';
import { contentsOf } from '../desire/bundle-contents.ts';
import type { ReadHosts } from '../inventory/hosts-from.ts';
import { loadInventory, readInventoryText } from '../inventory/load.ts';
import type { ParseResult } from '../inventory/parse.ts';
import type { InventoryRecord } from '../inventory/record.ts';
import { describePath, type Path } from '../inventory/position.ts';
import type { Cluster } from '../model/cluster.ts';
import { formatDiagnostic, type Diagnostic } from '../model/diagnostic.ts';
import type { SecurityProfile } from '../model/security.ts';
import { KbootError } from '../model/error.ts';
import type { ForeignEtcdPems } from '../pki/foreign-etcd.ts';
import { readForeignEtcd } from '../store/foreign-etcd.ts';
import { lockPath, readLockText } from '../store/release-lock.ts';
import { foundedAs } from '../store/security-profile.ts';
import { defaultStateDir } from '../store/state.ts';
import { isBeside, readUpload, type Upload, type Uploads } from '../store/uploads.ts';
import { readLocalSources, type LocalSources } from './addons/read.ts';
import { hostsReader } from './hosts-source.ts';
import { apiServerSources, backupSources, registrySources } from './named-sources.ts';
import { remedies } from './remedies.ts';

/** What a command takes from an inventory less strictly, or otherwise. */
export interface Leniency {
  /** Problems with files that the inventory names, and images that the lock lacks, are only warnings: the command needs neither. */
  readonly withoutFiles?: boolean;
  /** Problems with the manifests of add-ons are errors all the same. */
  readonly withAddons?: boolean;
  /** The Kubernetes version may be unknown. */
  readonly anyVersion?: boolean;
  /** The state folder, if it is not the one beside the inventory: it knows what the cluster was founded as. */
  readonly state?: string | undefined;
  /** What the cluster is, instead of what its state folder says, if the inventory does not say. */
  readonly profile?: SecurityProfile;
}

/** An inventory, and what it names. */
export interface ReadInventory {
  readonly cluster: Cluster;
  /** kboot's catalog, and kboot.lock.yaml beside the inventory. */
  readonly releases: Releases;
  /** The releases in kboot.lock.yaml; none: there is no such file. */
  readonly locked: readonly LockedRelease[];
  readonly record: InventoryRecord;
  readonly warnings: readonly Diagnostic[];
  readonly foreignEtcd: ForeignEtcdPems | undefined;
  readonly uploads: Uploads;
  /** The manifests of spec.addons that are on this machine. */
  readonly addonSources: LocalSources;
  /**
   * What was read, with another spec.kubernetesVersion: one on the way to that one. Files are not read again. Throws as
   * readInventory does.
   */
  at(kubernetesVersion: string): ReadInventory;
}

/**
 * Reads the inventory, kboot.lock.yaml beside it, and the files that spec.etcd.external, spec.etcd.backup,
 * spec.files and spec.containerd.registries name; runs spec.hostsFrom.command, if it may.
 * Throws KbootError E-INVENTORY with every problem, one a line, as its message; E-CONSENT.
 */
export async function readInventory(file: string, leniency: Leniency = {}): Promise<ReadInventory> {
  const text = readInventoryText(file);
  const hosts = await hostsReader(file, text);
  return interpret(file, { text, lock: readLock(file), hosts }, leniency);
}

/** The files themselves. */
interface Read {
  readonly text: string;
  readonly lock: ParsedLock | undefined;
  readonly hosts: ReadHosts;
  /** What the inventory names, once that was read. */
  readonly named?: {
    readonly etcd: ReturnType<typeof readEtcdFiles>;
    readonly files: ReturnType<typeof readUploads>;
    readonly addons: ReturnType<typeof readAddons>;
  };
}

function interpret(file: string, read: Read, leniency: Leniency, kubernetesVersion?: string): ReadInventory {
  const { withoutFiles = false, anyVersion = false, state, profile } = leniency;
  const { text, lock } = read;
  const broken = (lock?.diagnostics.length ?? 0) > 0;
  const locked = lock?.releases ?? [];
  const releases = withReleases(locked);
  const parsed = loadInventory(file, text, process.env, {
    // A version may be in the part of the lock that cannot be read.
    knownVersions: anyVersion || broken ? undefined : releases.versions,
    components: componentCatalog,
    kubernetesVersion,
    readHosts: read.hosts,
    profileOf: (name) => profile ?? foundedAs(state ?? defaultStateDir(file, name)),
  });
  const named = read.named ?? {
    etcd: readEtcdFiles(parsed, withoutFiles),
    files: readUploads(parsed, withoutFiles, file),
    addons: readAddons(parsed, withoutFiles && leniency.withAddons !== true),
  };
  const { etcd, files, addons } = named;
  const own = [...parsed.diagnostics, ...etcd.diagnostics, ...files.diagnostics, ...addons.diagnostics].sort(
    (a, b) => a.line - b.line || a.column - b.column,
  );
  const diagnostics = [
    ...own,
    ...(lock?.diagnostics ?? []),
    ...(lock === undefined || parsed.cluster === undefined
      ? []
      : unlockedImages(lock, parsed.cluster, withoutFiles)),
  ];
  const count = diagnostics.filter((each) => each.severity === 'error').length;
  if (parsed.cluster !== undefined && parsed.record !== undefined && count === 0)
    return {
      cluster: parsed.cluster,
      ...{ releases, locked },
      record: parsed.record,
      warnings: diagnostics,
      foreignEtcd: etcd.pems,
      uploads: files.uploads,
      addonSources: addons.sources,
      at: (version) => interpret(file, { ...read, named }, leniency, version),
    };
  throw new KbootError('E-INVENTORY', diagnostics.map(formatDiagnostic).join('\n'), {
    remedy: remedies.problems({ count }),
  });
}

function readLock(inventory: string): ParsedLock | undefined {
  const path = lockPath(inventory);
  const text = readLockText(path);
  return text === undefined ? undefined : parseLock(text, path);
}

/** Images that the cluster needs and its release in the lock has no digest of: another imageRepository, for example. */
function unlockedImages(lock: ParsedLock, cluster: Cluster, lenient: boolean): Diagnostic[] {
  const release = lock.releases.find((each) => each.kubernetesVersion === cluster.kubernetesVersion);
  if (release === undefined) return [];
  const path = ['releases', release.kubernetesVersion, 'images'];
  const missing = Object.values(contentsOf(cluster, release).images).filter(
    (ref) => !(ref in release.locked),
  );
  if (missing.length === 0) return [];
  return [
    {
      ...lock.locate(path),
      severity: lenient ? 'warning' : 'error',
      message: `${describeInLock(path)} lacks ${plural(missing.length, 'image')} that the inventory needs: ${few(missing, 3)}; \`kboot lock INVENTORY\` adds them`,
    },
  ];
}

function readUploads(
  { cluster, locate, conceal }: ParseResult,
  lenient: boolean,
  inventory: string,
): {
  readonly uploads: Uploads;
  readonly diagnostics: readonly Diagnostic[];
} {
  const uploads = new Map<string, Upload>();
  const diagnostics: Diagnostic[] = [];
  const severity = lenient ? 'warning' : 'error';
  const add = (name: string, shown: string, path: Path, read: Upload | string): void => {
    if (typeof read !== 'string') uploads.set(name, read);
    else
      diagnostics.push({
        ...locate(path),
        severity,
        message: conceal(`${describePath(path)} ${shown} ${read}`, path),
      });
  };
  for (const [index, { content }] of (cluster?.files ?? []).entries())
    if ('source' in content && !uploads.has(content.source))
      add(
        content.source,
        content.source,
        ['spec', 'files', index, 'source'],
        readBeside(content.source, inventory),
      );
  for (const source of [
    ...registrySources(cluster?.containerd.registries ?? []),
    ...backupSources(cluster?.etcd.backup),
    ...(cluster === undefined ? [] : apiServerSources(cluster)),
  ])
    if (!uploads.has(source.name)) add(source.name, source.shown, source.path, source.read());
  return { uploads, diagnostics };
}

function readAddons(
  { cluster, locate, conceal }: ParseResult,
  lenient: boolean,
): { readonly sources: LocalSources; readonly diagnostics: readonly Diagnostic[] } {
  const { sources, problems } = readLocalSources(cluster?.addons ?? []);
  return {
    sources,
    diagnostics: problems.map(({ path, shown, message }) => ({
      ...locate(path),
      severity: lenient ? 'warning' : 'error',
      message: conceal(`${describePath(path)} ${shown} ${message}`, path),
    })),
  };
}

function readBeside(path: string, inventory: string): Upload | string {
  const read = readUpload(path);
  return typeof read === 'string' ? read : { ...read, isElsewhere: !isBeside(path, inventory) };
}

function readEtcdFiles(
  { cluster, locate, conceal }: ParseResult,
  lenient: boolean,
): { readonly pems: ForeignEtcdPems | undefined; readonly diagnostics: readonly Diagnostic[] } {
  const external = cluster?.etcd.external;
  if (external === undefined) return { pems: undefined, diagnostics: [] };
  const { pems, problems } = readForeignEtcd(external, new Date());
  return {
    pems,
    diagnostics: problems.map(({ field, severity, message }) => {
      const path = ['spec', 'etcd', 'external', field];
      return {
        ...locate(path),
        severity: lenient ? 'warning' : severity,
        message: conceal(`${describePath(path)} ${external[field]} ${message}`, path),
      };
    }),
  };
}
