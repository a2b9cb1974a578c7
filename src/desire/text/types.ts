import type { ImageName } from '../../catalog/images.ts';
import type { Cluster, JsonObject } from '../../model/cluster.ts';
import type { Renderer } from '../../render/params.ts';

/** Full image references, tag included, by component. */
export type ImageSet = Readonly<Record<ImageName, string>>;

/** Versions that decide which flags and fields a file gets. */
export interface Versions {
  /** `3.6.8-0` or `3.6.8` */
  readonly etcd: string;
  /** `2.1.9` */
  readonly containerd: string;
}

/** What every text of a cluster is made from. */
export interface TextContext {
  readonly cluster: Cluster;
  readonly renderer: Renderer;
  readonly images: ImageSet;
  readonly versions: Versions;
}

/** A file as it lies on a host. */
export interface HostText {
  readonly path: string;
  readonly mode: number;
  readonly text: string;
}

/** Members for `--initial-cluster`, and whether the cluster is founded by this start or joined. */
export interface EtcdMembership {
  readonly initialCluster: readonly { readonly name: string; readonly address: string }[];
  readonly state: 'new' | 'existing';
}

/** An object as it is sent to the Kubernetes API. */
export interface KubeObject extends JsonObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly namespace?: string };
}
