import type { Host } from '../model/cluster.ts';
import { isNode } from '../model/cluster.ts';
import type { Runtime } from '../model/runtime.ts';
import { given } from './build-value.ts';
import type { Inventory } from './schema.ts';

type Stated = NonNullable<Inventory['spec']['runtimes']>[number];

const types: Readonly<Record<string, string>> = {
  gvisor: 'io.containerd.runsc.v1',
  kata: 'io.containerd.kata.v2',
};
const binaries: Readonly<Record<string, string>> = { nvidia: '/usr/bin/nvidia-container-runtime' };

/** The runtimes of a validated inventory, each with the nodes that have it. */
export function buildRuntimes(stated: readonly Stated[], hosts: readonly Host[]): Runtime[] {
  return stated.map((runtime) => {
    const { name, overhead, options = {}, files = [] } = runtime;
    const runtimeType = runtime.runtimeType ?? types[name] ?? 'io.containerd.runc.v2';
    return {
      ...{ name, runtimeType, files },
      hosts: hosts.filter((host) => isNode(host) && has(runtime, host)).map((host) => host.name),
      ...given('binary', runtime.binary ?? binaries[name]),
      options,
      overhead: { ...given('cpu', overhead?.cpu), ...given('memory', overhead?.memory) },
    };
  });
}

function has({ hosts, labels }: Stated, host: Host): boolean {
  if (hosts === undefined && labels === undefined) return true;
  const wanted = Object.entries(labels ?? {});
  return (
    hosts?.includes(host.name) === true ||
    (wanted.length > 0 && wanted.every(([key, value]) => host.labels[key] === value))
  );
}
