/** A container runtime besides runc. */
export interface Runtime {
  readonly name: string;
  /** `io.containerd.runsc.v1` */
  readonly runtimeType: string;
  /** Names of the nodes that have it. */
  readonly hosts: readonly string[];
  /** What runs in place of runc. */
  readonly binary?: string;
  /** JSON values. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Quantities, for the scheduler. */
  readonly overhead: { readonly cpu?: string; readonly memory?: string };
  readonly files: readonly RuntimeFile[];
}

/** A program of a runtime, as kboot installs it. */
export interface RuntimeFile {
  readonly url: string;
  readonly sha256: string;
  readonly path: string;
}

/** The runtimes of one host. */
export function runtimesOf(
  { runtimes = [] }: { readonly runtimes?: readonly Runtime[] },
  host: { readonly name: string },
): readonly Runtime[] {
  return runtimes.filter(({ hosts }) => hosts.includes(host.name));
}

/** The label of nodes that have a runtime. */
export function runtimeLabel(name: string): string {
  return `runtime.kboot.dev/${name}`;
}

/** The program that containerd starts for a type: `containerd-shim-runsc-v1` (core/runtime/v2, BinaryName). */
function shimOf(runtimeType: string): string {
  return `containerd-shim-${runtimeType.split('.').slice(-2).join('-')}`;
}

/** A program that a runtime needs on its host: a path, or a name that is looked up in PATH. */
export interface NeededProgram {
  readonly runtime: string;
  readonly program: string;
}

/** Programs that a host must have for its runtimes, beyond containerd's own shim and what `files` of them installs. */
export function neededPrograms(
  cluster: { readonly runtimes?: readonly Runtime[] },
  host: { readonly name: string },
): readonly NeededProgram[] {
  return runtimesOf(cluster, host).flatMap(({ name, runtimeType, binary, files }) =>
    [
      ...(runtimeType === 'io.containerd.runc.v2' ? [] : [shimOf(runtimeType)]),
      ...(runtimeType === 'io.containerd.runsc.v1' ? ['runsc'] : []),
      ...(binary === undefined ? [] : [binary]),
    ]
      .filter((program) => !files.some(({ path }) => path === program || path.endsWith(`/${program}`)))
      .map((program) => ({ runtime: name, program })),
  );
}
