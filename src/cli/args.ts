import type { Language } from '../model/language/language.ts';
import type { Stage } from '../model/stage.ts';
import type { Rotatable } from '../model/pki.ts';

/** Flags that every command takes. */
export interface GlobalArgs {
  readonly output: 'text' | 'json';
  /** undefined: not given; the environment says which. */
  readonly lang?: Language | undefined;
  readonly state?: string | undefined;
  readonly concurrency: number;
  readonly verbose: boolean;
  /** Commands of the inventory may run while planning. */
  readonly 'allow-hooks'?: boolean;
  readonly color: boolean;
}

/** Flags of commands that work on an inventory. */
export interface InventoryArgs extends GlobalArgs {
  readonly inventory: string;
}

export interface SupportArgs extends InventoryArgs {
  readonly out?: string | undefined;
}

export interface VerifyArgs extends InventoryArgs {
  readonly security: boolean;
}

export interface BundleArgs extends InventoryArgs {
  /** Empty: not given. */
  readonly bundle: string[];
  readonly 'allow-unofficial': boolean;
}

/** Which part of a cluster a command applies to. */
export interface ScopeArgs {
  /** undefined: not given, which means all stages. */
  readonly until?: Stage | undefined;
  readonly limit: string[];
  readonly 'ignore-preflight': string[];
  readonly 'renew-certs'?: boolean;
}

export interface PlanArgs extends BundleArgs, ScopeArgs {
  readonly deep: boolean;
  readonly offline: boolean;
  readonly out?: string | undefined;
  readonly html?: string | undefined;
  readonly 'detailed-exitcode': boolean;
}

export interface PlanShowArgs extends GlobalArgs {
  readonly file: string;
  readonly html?: string | undefined;
}

export interface UpArgs extends BundleArgs, ScopeArgs {
  readonly deep: boolean;
  readonly plan?: string | undefined;
  readonly yes: boolean;
  readonly through: boolean;
  /** Empty: not given. */
  readonly 'rotate-ca': Rotatable[];
  readonly stats: boolean;
  readonly trace?: string | undefined;
  readonly 'fail-fast'?: boolean;
  readonly 'max-failures'?: string | undefined;
  readonly html?: string | undefined;
}

export interface ResetArgs extends InventoryArgs {
  readonly 'delete-backups': boolean;
  readonly limit: string[];
  readonly yes: boolean;
}

export interface EtcdArgs extends InventoryArgs {
  readonly action: 'snapshot' | 'list' | 'members' | 'defrag' | 'restore';
  readonly snapshot?: string | undefined;
  readonly force: boolean;
  readonly key?: string | undefined;
  readonly 'from-survivor': boolean;
  readonly lost: string[];
  readonly yes: boolean;
}

export interface StateArgs extends InventoryArgs {
  readonly action: 'push' | 'pull' | 'show' | 'rekey';
  readonly file?: string | undefined;
  readonly identity?: string | undefined;
  readonly force: boolean;
  readonly yes: boolean;
}

export interface LockArgs extends InventoryArgs {
  readonly to?: string | undefined;
  readonly check: boolean;
}

export interface CertsArgs extends InventoryArgs {
  readonly 'warn-days': number;
}

export interface RenderArgs extends BundleArgs {
  readonly out: string;
  readonly 'with-secrets': boolean;
}

export interface KubeconfigArgs extends InventoryArgs {
  readonly merge: boolean;
  readonly server: string | undefined;
  readonly context: string | undefined;
  readonly force: boolean;
}

export interface BundleCommandArgs extends GlobalArgs {
  readonly action: 'create' | 'index' | 'verify' | 'push' | 'sbom';
  readonly directory: string;
  readonly 'kubernetes-version'?: string | undefined;
  /** Empty: not given. */
  readonly arch: ('amd64' | 'arm64')[];
  readonly inventory?: string | undefined;
  readonly mirror?: string | undefined;
  readonly 'image-repository'?: string | undefined;
  readonly 'allow-unofficial': boolean;
  readonly 'sign-key'?: string | undefined;
  /** Empty: not given. */
  readonly signers: string[];
  readonly since?: string | undefined;
  /** Empty: not given. */
  readonly packages: string[];
  readonly 'packages-mirror'?: string | undefined;
  readonly 'packages-key'?: string | undefined;
  readonly registry?: string | undefined;
  readonly username?: string | undefined;
  readonly 'password-file'?: string | undefined;
  readonly 'ca-file'?: string | undefined;
  readonly 'plain-http': boolean;
  readonly insecure: boolean;
}

/** How hosts are reached before there is an inventory. */
export interface SshArgs {
  readonly user?: string | undefined;
  readonly port?: string | undefined;
  readonly 'identity-file'?: string | undefined;
  readonly bastion?: string | undefined;
}

export interface AdoptArgs extends GlobalArgs, SshArgs {
  readonly inventory?: string | undefined;
  /** Empty: not given. */
  readonly host: string[];
  readonly name?: string | undefined;
  readonly bundle: string[];
  readonly 'allow-unofficial': boolean;
}

export interface InitArgs extends GlobalArgs, SshArgs {
  readonly file: string;
  readonly name?: string | undefined;
  readonly 'control-plane': string[];
  readonly worker: string[];
  readonly 'virtual-ip'?: string | undefined;
  readonly endpoint?: string | undefined;
  readonly pool: string[];
  readonly 'kubernetes-version'?: string | undefined;
  /** Empty: not given. */
  readonly 'from-hosts': string[];
  readonly 'from-ansible'?: string | undefined;
  readonly 'from-k0sctl'?: string | undefined;
  readonly 'from-terraform'?: string | undefined;
  /** Empty: not given. */
  readonly 'from-kubeadm': string[];
  /** undefined: neither --look nor --no-look. */
  readonly look?: boolean | undefined;
  readonly yes: boolean;
}

export interface ExplainArgs extends GlobalArgs {
  readonly code?: string | undefined;
}

export interface SchemaArgs extends GlobalArgs {
  readonly subject: 'inventory' | 'plan' | 'events';
}

export interface UnlockArgs extends InventoryArgs {
  readonly yes: boolean;
  /** Only the lock of the state folder. */
  readonly local: boolean;
}
