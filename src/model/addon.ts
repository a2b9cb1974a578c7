/** An add-on of the operator's: objects of the API that kboot applies, watches and removes. */
export interface Addon {
  readonly name: string;
  /** Of namespaced objects that name no namespace; kboot creates it if it does not exist. Absent: `default`. */
  readonly namespace?: string;
  /** Add-ons that must be healthy before this one begins. */
  readonly after: readonly string[];
  readonly manifests: readonly ManifestSource[];
  /** Images that its objects do not name, since a controller of its own starts them. */
  readonly images: readonly string[];
  readonly prune: PrunePolicy;
  /** For each wait: until CRDs are served, webhooks answer, and all of it is healthy. */
  readonly timeoutSeconds: number;
}

/**
 * What happens to objects that hold data once the add-on no longer has them: CRDs, which take every object of their kind
 * along, Namespaces, PersistentVolumes and their claims. `except-data`: they stay. `all`: they are deleted as well.
 */
export type PrunePolicy = 'except-data' | 'all';

/** Where manifests come from. */
export type ManifestSource =
  /** A file, a folder of files, or a folder with a kustomization: an absolute path on this machine. */
  { readonly path: string } | { readonly url: string; readonly sha256: string };
