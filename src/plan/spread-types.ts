/** A file that several hosts need. */
export interface SpreadFile {
  readonly sha256: string;
  /** `kubelet v1.36.2` */
  readonly title: string;
  readonly source:
    | { readonly kind: 'bundle'; readonly path: string; readonly size: number }
    | { readonly kind: 'download'; readonly url: string };
  /** In the plan's order. */
  readonly hosts: readonly string[];
}

/** How release files get to hosts: from this machine, or from the internet, to one host each, and from host to host. */
export interface Spread {
  /** TCP port on which hosts serve files to each other while the plan is applied. */
  readonly port: number;
  /** Hosts that take part, with their node address. */
  readonly hosts: readonly { readonly host: string; readonly address: string }[];
  /** In the order in which they are needed. */
  readonly files: readonly SpreadFile[];
  /** Bytes of files that leave this machine. */
  readonly operatorBytes: number;
  /** Bytes of files that go from host to host. */
  readonly hostBytes: number;
  /** Bytes of files that hosts have already, from a run that was interrupted. */
  readonly heldBytes: number;
}
