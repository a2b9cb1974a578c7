/** How one host starts its etcd member: `--initial-cluster` and `--initial-cluster-state`. */
export interface InitialCluster {
  readonly initialCluster: readonly { readonly name: string; readonly address: string }[];
  readonly state: 'new' | 'existing';
}
