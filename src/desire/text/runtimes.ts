import { ownLabel } from '../../kube/desired-cluster.ts';
import type { KubeObject } from '../../kube/types.ts';
import type { Cluster, Host, JsonObject } from '../../model/cluster.ts';
import { runtimeLabel, runtimesOf } from '../../model/runtime.ts';

/** What Pods name in runtimeClassName; they are scheduled to the nodes that have the runtime. */
export function runtimeClasses({ runtimes = [] }: Pick<Cluster, 'runtimes'>): readonly KubeObject[] {
  return runtimes.map(({ name, overhead }) => ({
    apiVersion: 'node.k8s.io/v1',
    kind: 'RuntimeClass',
    metadata: { name, labels: { [ownLabel.key]: ownLabel.value } },
    handler: name,
    scheduling: { nodeSelector: { [runtimeLabel(name)]: 'true' } },
    ...(Object.keys(overhead).length > 0 && { overhead: { podFixed: overhead } }),
  }));
}

/** Tables of a host's runtimes for config.toml of containerd's major version. */
export function runtimeTables(
  cluster: Pick<Cluster, 'runtimes'>,
  host: Host,
  major: number,
  systemdCgroup: boolean,
): JsonObject {
  const own = runtimesOf(cluster, host);
  if (own.length === 0) return {};
  const runtimes = Object.fromEntries(
    own.map(({ name, runtimeType, binary, options }) => {
      const all: JsonObject = {
        ...(runtimeType === 'io.containerd.runc.v2' && { SystemdCgroup: systemdCgroup }),
        ...(binary !== undefined && { BinaryName: binary }),
        ...(options as JsonObject),
      };
      return [
        name,
        { runtime_type: runtimeType, ...(Object.keys(all).length > 0 && { options: all }) },
      ] as const;
    }),
  );
  const plugin = major < 2 ? 'io.containerd.grpc.v1.cri' : 'io.containerd.cri.v1.runtime';
  return { plugins: { [plugin]: { containerd: { runtimes } } } };
}
