import type { Condition } from '../plan/types.ts';
import { quote } from '../resource/shell.ts';
import type { HostConnection } from '../transport/types.ts';

/** Last log lines that explain why a condition does not hold; empty where none can be had. Reads only. */
export async function diagnose(
  condition: Condition,
  connections: ReadonlyMap<string, HostConnection>,
): Promise<string> {
  const host = 'host' in condition ? condition.host : 'node' in condition ? condition.node : undefined;
  const reader = host === undefined ? undefined : connections.get(host)?.reader;
  if (reader === undefined) return '';
  const containers =
    condition.kind === 'api'
      ? ['kube-apiserver', 'etcd']
      : condition.kind === 'pod-ready'
        ? [condition.name]
        : [];
  const script = `for n in ${containers.map(quote).join(' ')}; do
  f=$(ls -t /var/log/containers/"$n"* 2>/dev/null | head -n 1)
  [ -n "$f" ] && { echo "container $n, last lines:"; tail -n 8 "$f" | cut -c1-400; }
done
echo 'kubelet.service, last lines:'; journalctl -u kubelet -n 8 --no-pager -o cat 2>&1 | cut -c1-400
echo 'containerd.service:'; systemctl is-active containerd`;
  try {
    return (await reader.read(script, { timeoutMs: 20_000 })).stdout;
  } catch {
    return '';
  }
}
