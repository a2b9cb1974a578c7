/*
 * What the Kubernetes components accept, by minor version, as the catalog's data files say. Minors are the second
 * number of a version: 36 of v1.36.2.
 */

/** The first and the last minor that has something; absent: before and after all that the data covers. */
export interface Span {
  readonly since?: number;
  readonly until?: number;
}

/** The minors that the data covers. */
interface Range {
  readonly oldest: number;
  readonly newest: number;
}

/** A type of Go without pointers (`int32`, `[]string`, `map[string]quantity`, `KubeletAuthentication`), and its limits. */
export interface FieldFacts extends Span {
  readonly type: string;
  /** Allowed values of a string, or of a list's items; the empty string means the default. */
  readonly values?: readonly string[];
  /** Allowed keys of a map. */
  readonly keys?: readonly string[];
  readonly min?: number;
  readonly max?: number;
}

/** Types of configurations: name of the type → name of the field → what it is. */
export interface TypeFacts extends Range {
  readonly types: Readonly<Record<string, Readonly<Record<string, string | FieldFacts>>>>;
}

export interface GateFacts extends Span {
  /** The only value since `lockedSince`. */
  readonly locked?: boolean;
  readonly lockedSince?: number;
  readonly deprecatedSince?: number;
}

/** Feature gates, the same for all components of Kubernetes. */
export interface FeatureGates extends Range {
  /** Gates that every covered minor has, neither locked nor deprecated. */
  readonly plain: readonly string[];
  readonly gates: Readonly<Record<string, GateFacts>>;
  /** Gates of minors before those covered. */
  readonly removed: readonly string[];
}

export type FlagType =
  | 'string'
  | 'bool'
  | 'int'
  | 'int32'
  | 'int64'
  | 'uint'
  | 'uint32'
  | 'float'
  | 'duration'
  | 'quantity'
  | 'ip'
  | 'gates'
  | 'etcdGates'
  | 'plugins'
  | 'runtimeConfig'
  | 'authorizationModes';

export interface ComponentFlags {
  readonly flags: Readonly<Partial<Record<FlagType, readonly string[]>>>;
  readonly since?: Readonly<Record<string, number>>;
  readonly until?: Readonly<Record<string, number>>;
  /** From this minor on, or earlier. */
  readonly deprecated?: Readonly<Record<string, number>>;
  /** Flags of minors before those covered. */
  readonly removed?: readonly string[];
}

export type FlagComponent =
  'kube-apiserver' | 'kube-controller-manager' | 'kube-scheduler' | 'kubelet' | 'etcd';

export interface FlagFacts extends Range, Readonly<Record<FlagComponent, ComponentFlags>> {
  readonly plugins: {
    readonly plain: readonly string[];
    readonly since: Readonly<Record<string, number>>;
    readonly removed: readonly string[];
  };
  /** Registered versions of APIs that not every covered minor has: with another one an API server does not start. */
  readonly apiVersions: Readonly<Record<string, Span>>;
  readonly authorizationModes: readonly string[];
  readonly etcdGates: readonly string[];
}

/** Each file is read at its first use: most inventories do not need it. */
export interface ComponentCatalog {
  readonly types: () => TypeFacts;
  readonly gates: () => FeatureGates;
  readonly flags: () => FlagFacts;
}
