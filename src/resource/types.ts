import type { Effect, StaticPodComponent, UnitComponent } from '../model/component.ts';
import type { Stage } from '../model/stage.ts';

/**
 * The content of a file. A plan contains `text` verbatim, but a secret only by its name and digest; apply reads
 * the secret from the operator's state. A null digest: the secret is issued when the plan is applied.
 * Text may contain placeholders (see placeholder.ts) for public facts that are also issued then.
 */
export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret'; readonly name: string; readonly digest: string | null };

/** Where the bytes of a release file come from. */
export type ArtifactSource =
  | { readonly kind: 'bundle'; readonly path: string; readonly size: number }
  /** `once`: one host downloads it, and others take it from there. */
  | { readonly kind: 'download'; readonly url: string; readonly once?: true };

export interface Artifact {
  /** `kubelet v1.36.2`, as shown in the plan. */
  readonly title: string;
  /** SHA-256 of the file as published, lower-case hex. */
  readonly sha256: string;
  readonly source: ArtifactSource;
}

interface Base {
  readonly stage: Stage;
}

/**
 * The processes that read a file (`containerd`, `pod-kube-apiserver`): before such a file changes, the marks that its
 * readers run with the current files are removed, so that they restart even after a crash.
 */
export interface ReadBy {
  readonly readBy?: readonly string[];
}

export interface DirectoryResource extends Base {
  readonly kind: 'directory';
  readonly path: string;
  /** Octal, without a leading zero: `755`. */
  readonly mode: string;
  /** An existing folder is not changed. */
  readonly keep?: true;
  /** The user that owns it, and everything in its folder `member`; absent: whoever does. */
  readonly owner?: string;
}

export interface FileResource extends Base, ReadBy {
  readonly kind: 'file';
  readonly path: string;
  readonly mode: string;
  /** The user that owns it; absent: root when it is written. */
  readonly owner?: string;
  readonly content: Content;
  /** Shell that fails, and says why, if the file at `$1` must not replace what is there. */
  readonly check?: string;
}

/** Files that kboot wrote for a field that the inventory no longer has: what was there before is restored. */
export interface ObsoleteResource extends Base, ReadBy {
  readonly kind: 'obsolete';
  /** `registries` */
  readonly name: string;
  /** Shell patterns of paths that only kboot uses; of files that kboot did not create, none matches. */
  readonly patterns: readonly string[];
  /** Paths that the inventory still has. */
  readonly keep: readonly string[];
  /** Whether a file must also name kboot in its first line, since the operator may have written one with that path. */
  readonly marked?: true;
}

export interface BinaryResource extends Base, ReadBy {
  readonly kind: 'binary';
  readonly path: string;
  readonly artifact: Artifact;
}

export interface ArchiveResource extends Base, ReadBy {
  readonly kind: 'archive';
  /** Name of the stamp on the host, such as `containerd`. */
  readonly name: string;
  readonly artifact: Artifact;
  readonly destination: string;
  /** Only these files, without the archive's top folder; absent: everything, with the paths in the archive. */
  readonly members?: readonly string[];
}

export interface PackageResource extends Base {
  readonly kind: 'package';
  readonly name: string;
  readonly manager: 'apt' | 'dnf';
  /** A folder on the host with packages and their index, which is the only source then. */
  readonly source?: string;
  /** The service that the package enables and starts by itself, and its files at paths where kboot has its own. */
  readonly brings?: { readonly unit: string; readonly files: readonly string[] };
}

export interface ModuleResource extends Base {
  readonly kind: 'module';
  readonly name: string;
  /** A path that exists if the feature is present, built in or loaded. */
  readonly feature: string;
}

/** A user of the system without a login, and its group of the same name. */
export interface UserResource extends Base {
  readonly kind: 'user';
  readonly name: string;
  /** Of user and group, if there is no such user yet. */
  readonly id: number;
}

export interface SysctlResource extends Base {
  readonly kind: 'sysctl';
  readonly key: string;
  readonly value: string;
  /** `at-least`: a larger number on the host is kept. */
  readonly compare: 'equal' | 'at-least';
}

export interface SwapResource extends Base {
  readonly kind: 'swap';
}

/** SELinux is not enforcing, now and after every boot. */
export interface SELinuxResource extends Base {
  readonly kind: 'selinux';
}

/** containerd's folder of network configurations holds none of another tool. */
export interface CniConfigResource extends Base {
  readonly kind: 'cni-config';
  /** Names of the files there that are the inventory's. */
  readonly keep: readonly string[];
}

export interface UnitResource extends Base {
  readonly kind: 'unit';
  /** Without `.service`. */
  readonly name: UnitComponent;
  /** Whether it can read changed files without an interruption: `systemctl reload`. */
  readonly reloads?: boolean;
}

/** A systemd timer of kboot's own. */
export interface TimerResource extends Base {
  readonly kind: 'timer';
  /** Without `.timer`. */
  readonly name: string;
  /** false: it is removed, with its files. */
  readonly wanted: boolean;
  /** Every file that belongs to it. */
  readonly files: readonly string[];
}

/** The distribution's service that keeps the time. */
export interface TimeServiceResource extends Base {
  readonly kind: 'time-service';
  /** Without `.service`. */
  readonly name: 'chrony' | 'chronyd' | 'systemd-timesyncd';
  /** false: kboot's files of it are removed. */
  readonly wanted: boolean;
  /** Every file that kboot may have for it. */
  readonly files: readonly string[];
}

/** No state of an earlier cluster's Pod network when the kubelet starts on the host for the first time. */
export interface PodNetworkResource extends Base {
  readonly kind: 'pod-network';
}

/** None of kube-proxy's rules, where something else implements Services. */
export interface ServiceRulesResource extends Base {
  readonly kind: 'service-rules';
}

export interface ImageResource extends Base {
  readonly kind: 'image';
  /** Every reference in the archive, or the one to pull. */
  readonly refs: readonly string[];
  readonly artifact: Artifact | null;
  /** By reference, the digests that its image may have, the one to pull first; absent: whatever has the reference. */
  readonly digests?: Readonly<Record<string, readonly string[]>>;
}

export interface StaticPodResource extends Base {
  readonly kind: 'static-pod';
  readonly name: StaticPodComponent;
  readonly text: string;
  /** Paths of the files that it reads, as far as kboot writes them. */
  readonly reads?: readonly string[];
  /** The user that it runs as, and what must be that user's when it starts. */
  readonly owns?: { readonly user: string; readonly paths: readonly string[] };
  /** A Pod of this host that hangs without this one, and is restarted with it. */
  readonly servesPod?: StaticPodComponent;
}

/** The kubelet's own client certificate: kboot issues the first one, the kubelet rotates it (KEP-266). */
export interface ClientCertificateResource extends Base, ReadBy {
  readonly kind: 'client-certificate';
  readonly commonName: string;
  /** Secret with certificate and key, in the kubelet's single-file form. */
  readonly content: Content & { readonly kind: 'secret' };
  /** PEM of the CA that must have issued it; null: not issued yet. */
  readonly caPem: string | null;
}

/** The certificate that the kubelet makes for itself and serves. */
export interface ServingCertificateResource extends Base, ReadBy {
  readonly kind: 'serving-certificate';
}

/** The kubelet's checkpoints fit its configuration: its policies for CPUs and memory, and the CPUs that are reserved. */
export interface KubeletCheckpointResource extends Base {
  readonly kind: 'kubelet-checkpoint';
  /** `none` or `static` */
  readonly cpu: string;
  /** `None` or `Static` */
  readonly memory: string;
  /** `0-1`; empty: not set. */
  readonly reserved: string;
}

/** The MTU of a link that flannel creates. */
export interface LinkMtuResource extends Base {
  readonly kind: 'link-mtu';
  /** `flannel.1` */
  readonly link: string;
  /** MTU of the network below it; absent: that of the interface `below`. */
  readonly mtu?: number;
  readonly below: string;
  /** Bytes that the encapsulation takes. */
  readonly overhead: number;
}

/** One of the operator's own commands, run in addition to kboot's steps of a stage. */
export interface HookResource extends Base {
  readonly kind: 'hook';
  readonly name: string;
  readonly when: 'before' | 'after';
  /** POSIX shell, and its environment. */
  readonly run: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Read-only POSIX shell: if it succeeds, there is nothing to do. Absent: the hook runs with its stage. */
  readonly unless?: string;
  /** Whether `unless` may run while planning; otherwise it is only asked right before the hook. */
  readonly mayAsk?: boolean;
  readonly timeoutSeconds: number;
}

export type Resource =
  | DirectoryResource
  | FileResource
  | ObsoleteResource
  | BinaryResource
  | ArchiveResource
  | PackageResource
  | ModuleResource
  | UserResource
  | SysctlResource
  | SwapResource
  | SELinuxResource
  | CniConfigResource
  | UnitResource
  | TimerResource
  | TimeServiceResource
  | PodNetworkResource
  | ServiceRulesResource
  | ImageResource
  | StaticPodResource
  | ClientCertificateResource
  | ServingCertificateResource
  | KubeletCheckpointResource
  | LinkMtuResource
  | HookResource;

export type ResourceKind = Resource['kind'];
export type ResourceOf<K extends ResourceKind> = Extract<Resource, { kind: K }>;

/** Unknown is not absent: a truncated or refused read is reported, and stops its host. */
export type Observation<Found> =
  | { readonly state: 'absent' }
  | { readonly state: 'present'; readonly found: Found }
  | { readonly state: 'unknown'; readonly reason: string };

export type Verb = 'create' | 'update' | 'restart' | 'delete' | 'run';

/** Content of the file at `path` that a step's script can use when it starts. */
export interface Payload {
  readonly path: string;
  readonly content: Content | { readonly kind: 'artifact'; readonly artifact: Artifact } | SnapshotContent;
}

/** A snapshot of etcd on the operator's disk, by its path and SHA-256; null: the one that this plan takes. */
export interface SnapshotContent {
  readonly kind: 'snapshot';
  readonly file: string | null;
  readonly digest: string | null;
}

/** A change to one resource: the shell to run as root, and the reason. */
export interface Action {
  readonly verb: Verb;
  readonly reason: string;
  /** POSIX shell that uses prelude.ts; never contains a secret. */
  readonly script: string;
  readonly payload?: Payload;
  /** Unified diff of a text, for the user. */
  readonly diff?: string;
  /** The operator's own shell in the script, for the user. */
  readonly command?: string;
  /** The operator's own shell that tells whether that is needed, for the user. */
  readonly unless?: string;
  /** Processes whose files this changes: they restart in a later step of their own. */
  readonly disturbs?: readonly string[];
  /** What this does to running components; empty where it only prepares. */
  readonly effects: readonly Effect[];
  /** The file whose digest must still be the one that was observed, or that must still be absent. */
  readonly expects?: { readonly path: string; readonly digest: string };
  /** Bounds the step on the host. */
  readonly timeoutSeconds: number;
}

/** How earlier steps of the same plan affect the processes of this host. */
export interface Changes {
  /** Names of the processes that must restart because a file that they read changes. */
  readonly disturbed: ReadonlySet<string>;
  /** Whether release files were put on the host ahead, by the actions of `fetch`. */
  readonly ahead?: boolean;
}

/** How a kind is queried. */
export interface Asking {
  /** Every file is read, whatever is remembered of its content. */
  readonly deep?: boolean;
}

/**
 * A resource kind: three pure functions. To add a kind, add one file and a line in kinds.ts.
 */
export interface Kind<W extends Resource, Found> {
  /** Stable name of one resource on its host: `/etc/crictl.yaml`, `net.ipv4.ip_forward`. */
  name(want: W): string;
  /** Read-only shell that prints the state of all `wants`, once per host. */
  query(wants: readonly W[], asking?: Asking): string;
  /** Parses the complete output of the query into one observation per want, in order. */
  read(wants: readonly W[], output: string): readonly Observation<Found>[];
  /** The required action, or undefined if there is nothing to do. `found` is never unknown. */
  action(
    want: W,
    found: Exclude<Observation<Found>, { state: 'unknown' }>,
    changes: Changes,
  ): Action | undefined;
  /** Puts the release file of a required action on the host, and disturbs nothing; undefined: it is there. */
  fetch?(want: W, found: Exclude<Observation<Found>, { state: 'unknown' }>): Action | undefined;
  /** The state that `action` is based on, as a short text; absent: everything that was found (fact.ts). */
  fact?(want: W, found: Found): string;
}
