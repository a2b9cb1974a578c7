import type { Effect, StaticPodComponent, UnitComponent } from '../model/component.ts';
import type { Stage } from '../model/stage.ts';

/**
 * What a file holds. A plan carries `text` as it is and a secret only by its name and digest; apply fetches
 * the secret from the operator's state. A null digest: the secret is issued when the plan is applied.
 * Text may hold placeholders (see placeholder.ts) for public facts that are issued then, too.
 */
export type Content =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'secret'; readonly name: string; readonly digest: string | null };

/** Where the bytes of a release file come from. */
export type ArtifactSource =
  | { readonly kind: 'bundle'; readonly path: string; readonly size: number }
  | { readonly kind: 'download'; readonly url: string };

export interface Artifact {
  /** `kubelet v1.36.2`, as the plan names it. */
  readonly title: string;
  /** SHA-256 of the file as published, lower-case hex. */
  readonly sha256: string;
  readonly source: ArtifactSource;
}

interface Base {
  readonly stage: Stage;
}

/**
 * Names the processes that read a file (`containerd`, `pod-kube-apiserver`): before such a file changes, the
 * mark that its readers run with what is there is taken away, so that they restart even after a crash.
 */
export interface ReadBy {
  readonly readBy?: readonly string[];
}

export interface DirectoryResource extends Base {
  readonly kind: 'directory';
  readonly path: string;
  /** Octal, without a leading zero: `755`. */
  readonly mode: string;
  /** One that is there stays as it is. */
  readonly keep?: true;
}

export interface FileResource extends Base, ReadBy {
  readonly kind: 'file';
  readonly path: string;
  readonly mode: string;
  readonly content: Content;
}

export interface BinaryResource extends Base, ReadBy {
  readonly kind: 'binary';
  readonly path: string;
  readonly artifact: Artifact;
}

export interface ArchiveResource extends Base, ReadBy {
  readonly kind: 'archive';
  /** `containerd`: names the stamp on the host. */
  readonly name: string;
  readonly artifact: Artifact;
  readonly destination: string;
  /** Only these files, without the archive's top folder; absent: everything, as it lies in the archive. */
  readonly members?: readonly string[];
}

export interface PackageResource extends Base {
  readonly kind: 'package';
  readonly name: string;
  readonly manager: 'apt' | 'dnf';
  /** The service that the package enables and starts by itself, and files that it lays where kboot has its own. */
  readonly brings?: { readonly unit: string; readonly files: readonly string[] };
}

export interface ModuleResource extends Base {
  readonly kind: 'module';
  readonly name: string;
  /** A path that exists when the feature is there, built in or loaded. */
  readonly feature: string;
}

export interface SysctlResource extends Base {
  readonly kind: 'sysctl';
  readonly key: string;
  readonly value: string;
  /** `at-least`: a larger number on the host is left alone. */
  readonly compare: 'equal' | 'at-least';
}

export interface SwapResource extends Base {
  readonly kind: 'swap';
}

/** SELinux does not enforce, now and after every boot. */
export interface SELinuxResource extends Base {
  readonly kind: 'selinux';
}

export interface UnitResource extends Base {
  readonly kind: 'unit';
  /** Without `.service`. */
  readonly name: UnitComponent;
  /** It reads changed files without an end of service: `systemctl reload`. */
  readonly reloads?: boolean;
}

export interface ImageResource extends Base {
  readonly kind: 'image';
  /** Every reference the archive holds, or the one to pull. */
  readonly refs: readonly string[];
  readonly artifact: Artifact | null;
}

export interface StaticPodResource extends Base {
  readonly kind: 'static-pod';
  readonly name: StaticPodComponent;
  readonly text: string;
  /** A Pod of this host that hangs without this one, and is restarted with it. */
  readonly servesPod?: StaticPodComponent;
}

/** The kubelet's own client certificate: kboot gives the first one, the kubelet rotates it (KEP-266). */
export interface ClientCertificateResource extends Base, ReadBy {
  readonly kind: 'client-certificate';
  readonly commonName: string;
  /** Secret that holds certificate and key, in the kubelet's one-file form. */
  readonly content: Content & { readonly kind: 'secret' };
  /** PEM of the CA that must have issued it; null: not issued yet. */
  readonly caPem: string | null;
}

/** A command of the operator's own, beside what kboot does in a stage. */
export interface HookResource extends Base {
  readonly kind: 'hook';
  readonly name: string;
  readonly when: 'before' | 'after';
  /** POSIX shell, and what is set for it. */
  readonly run: string;
  readonly environment: Readonly<Record<string, string>>;
  /** POSIX shell that only reads: where it succeeds there is nothing to do. Absent: runs with its stage. */
  readonly unless?: string;
  readonly timeoutSeconds: number;
}

export type Resource =
  | DirectoryResource
  | FileResource
  | BinaryResource
  | ArchiveResource
  | PackageResource
  | ModuleResource
  | SysctlResource
  | SwapResource
  | SELinuxResource
  | UnitResource
  | ImageResource
  | StaticPodResource
  | ClientCertificateResource
  | HookResource;

export type ResourceKind = Resource['kind'];
export type ResourceOf<K extends ResourceKind> = Extract<Resource, { kind: K }>;

/** Unknown is not absent: a cut-off or refused reading says so, and stops its host. */
export type Observation<Found> =
  | { readonly state: 'absent' }
  | { readonly state: 'present'; readonly found: Found }
  | { readonly state: 'unknown'; readonly reason: string };

export type Verb = 'create' | 'update' | 'restart' | 'delete' | 'run';

/** Bytes that a step's script finds in the file at `path` when it starts. */
export interface Payload {
  readonly path: string;
  readonly content: Content | { readonly kind: 'artifact'; readonly artifact: Artifact };
}

/** What must be done to one resource: shell to run as root, and why. */
export interface Action {
  readonly verb: Verb;
  readonly reason: string;
  /** POSIX shell on top of prelude.ts; never holds a secret. */
  readonly script: string;
  readonly payload?: Payload;
  /** Unified diff of a text, for the reader. */
  readonly diff?: string;
  /** The operator's own shell in the script, for the reader. */
  readonly command?: string;
  /** Processes whose files this changes: they restart in a later step of their own. */
  readonly disturbs?: readonly string[];
  /** What this does to running components; empty where it only prepares. */
  readonly effects: readonly Effect[];
  /** The file whose digest must still be the one that was observed, or that must still be absent. */
  readonly expects?: { readonly path: string; readonly digest: string };
  /** Bounds the step on the host. */
  readonly timeoutSeconds: number;
}

/** What earlier steps of the same plan do to the processes of this host. */
export interface Changes {
  /** Names of the processes that must restart since a file they read changes. */
  readonly disturbed: ReadonlySet<string>;
}

/**
 * A resource kind: three pure functions. Adding a kind is adding one file and a line in kinds.ts.
 */
export interface Kind<W extends Resource, Found> {
  /** Stable name of one resource on its host: `/etc/crictl.yaml`, `net.ipv4.ip_forward`. */
  name(want: W): string;
  /** Read-only shell that prints the state of all `wants`, once per host. */
  query(wants: readonly W[]): string;
  /** Turns the query's whole output into one observation per want, in order. */
  read(wants: readonly W[], output: string): readonly Observation<Found>[];
  /** What to do, or undefined when nothing is. `found` is never unknown. */
  action(
    want: W,
    found: Exclude<Observation<Found>, { state: 'unknown' }>,
    changes: Changes,
  ): Action | undefined;
  /** What `action` rests on, as a short text; absent: all that was found (fact.ts). */
  fact?(want: W, found: Found): string;
}
