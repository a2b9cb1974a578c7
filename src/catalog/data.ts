import { readOwn } from '../model/own-files.ts';

export const architectures = ['amd64', 'arm64'] as const;
export type Architecture = (typeof architectures)[number];

/** The versions of one Kubernetes minor; see releases.json for what each string is. */
export interface Pins {
  readonly etcd: string;
  readonly coredns: string;
  readonly pause: string;
  readonly flannel: string;
  readonly flannelCniPlugin: string;
  readonly containerd: string;
  readonly runc: string;
  readonly cniPlugins: string;
  readonly crictl: string;
  readonly metallb: string;
  readonly kubeNetworkPolicies: string;
}

/** Every component of `Pins`. */
export const componentNames = [
  ...(['etcd', 'coredns', 'pause', 'flannel', 'flannelCniPlugin'] as const),
  ...(['containerd', 'runc', 'cniPlugins', 'crictl', 'metallb', 'kubeNetworkPolicies'] as const),
] satisfies readonly (keyof Pins)[];

interface Releases {
  readonly minors: Readonly<Record<string, Omit<Pins, 'metallb' | 'kubeNetworkPolicies'>>>;
  readonly patches: Readonly<Record<string, Partial<Pins>>>;
  /** The same for every release. */
  readonly metallb: string;
  readonly kubeNetworkPolicies: string;
}

/** The files whose checksums are in checksums.json. */
export type SummedFile = 'kubelet' | 'kubectl' | 'crictl' | 'etcd' | 'cni' | 'runc' | 'containerd';

type Checksums = Readonly<
  Record<SummedFile, Readonly<Record<Architecture, Readonly<Record<string, string>>>>>
>;

/** image-digests.json: name without registry → tag → digest. */
type ImageDigestTable = Readonly<Record<string, Readonly<Record<string, string>>>>;

let imageDigestsRead: ImageDigestTable | undefined;
let releasesRead: Releases | undefined;
let checksumsRead: Checksums | undefined;

/** releases.json, parsed once, at first use, to keep start-up fast. */
export function releases(): Releases {
  return (releasesRead ??= readJson('./releases.json') as Releases);
}

/** checksums.json: file → architecture → version without `v` → SHA-256 in hex. */
export function checksums(): Checksums {
  return (checksumsRead ??= readJson('./checksums.json') as Checksums);
}

/** The digests of images that are known, read once, at first use. */
export function imageDigests(): ImageDigestTable {
  return (imageDigestsRead ??= readJson('./image-digests.json') as ImageDigestTable);
}

function readJson(name: string): unknown {
  return JSON.parse(readOwn(new URL(name, import.meta.url)));
}
