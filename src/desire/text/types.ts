import type { ImageName } from '../../catalog/images.ts';
import type { Cluster, JsonObject } from '../../model/cluster.ts';
import type { Uploads } from '../../store/uploads.ts';
import type { Renderer } from '../../render/params.ts';

/** Full image references, tag included, by component. */
export type ImageSet = Readonly<Record<ImageName, string>>;

/** Versions that determine the flags and fields of a file. */
export interface Versions {
  /** `3.6.8-0` or `3.6.8` */
  readonly etcd: string;
  /** `2.1.9` */
  readonly containerd: string;
}

/** The input of every text of a cluster. */
export interface TextContext {
  readonly cluster: Cluster;
  readonly renderer: Renderer;
  readonly images: ImageSet;
  /** MetalLB's images. */
  readonly metallb: { readonly controller: string; readonly speaker: string };
  readonly versions: Versions;
  /** What the inventory names on this machine. */
  readonly uploads?: Uploads;
}

/** A file on a host. */
export interface HostText {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
  /** Its name in plans, which show only its digest: it has a secret from the inventory. */
  readonly secret?: string;
}

/** Members for `--initial-cluster`, and whether this start bootstraps the cluster or joins it. */
export interface EtcdMembership {
  readonly initialCluster: readonly { readonly name: string; readonly address: string }[];
  readonly state: 'new' | 'existing';
}

/** An object as sent to the Kubernetes API. */
export interface KubeObject extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly namespace?: string };
}
