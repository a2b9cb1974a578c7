/** An add-on of the operator's: objects of the API that kboot applies, watches and removes. */
export interface Addon {
  readonly name: string;
  /** Of namespaced objects that name no namespace; kboot creates it if it does not exist. Absent: `default`. */
  readonly namespace?: string;
  /** Add-ons that must be healthy before this one begins. */
  readonly after: readonly string[];
  readonly manifests: readonly ManifestSource[];
  readonly chart?: Chart;
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

/** A chart in a repository or a registry, by the SHA-256 of its archive. */
export type RemoteChart =
  /** `https://charts.example.com`, and the chart's name there. */
  | {
      readonly repository: string;
      readonly name: string;
      readonly version: string;
      readonly sha256: string;
    }
  /** `registry.example.com/charts/name`; the archive is a layer of the artifact. */
  | { readonly oci: string; readonly version: string; readonly sha256: string };

/** A Helm chart, which helm renders on this machine. */
export interface Chart {
  /** `path`: a folder or an archive, as an absolute path on this machine. */
  readonly source: { readonly path: string } | RemoteChart;
  /** The name of the release, which templates use. */
  readonly release: string;
  /** Merged over those of the files. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Absolute paths; a later file wins. */
  readonly valuesFiles: readonly string[];
  /** What its templates may count on besides the API's own kinds and the CRDs of add-ons in `after`. */
  readonly apiVersions: readonly string[];
  /** Whether hooks for installation and upgrade are applied with the chart's other objects. */
  readonly hooks: boolean;
}
