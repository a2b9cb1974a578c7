/** Bytes of files that reached a host, as sent, and from where. `held`: it had them before this run. */
export interface FileBytes {
  readonly host: string;
  readonly operator: number;
  readonly hosts: number;
  readonly held: number;
}
