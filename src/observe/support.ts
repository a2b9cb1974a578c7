import { randomBytes } from 'node:crypto';
import type { Reader } from '../transport/types.ts';
import { readSections, sectionsScript } from './probe.ts';

/** Bytes of each section; the newest are kept. */
const most = 300_000;
const timeoutMs = 60_000;

const units = ['kubelet', 'containerd', 'haproxy', 'keepalived', 'kboot-etcd-backup'];
const containers = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];

const sections: ReadonlyMap<string, string> = new Map([
  [
    'system.txt',
    'uname -a; cat /etc/os-release; uptime; free -m; df -h; ip -br address; ip route; timedatectl; systemctl --failed --no-pager; crictl ps -a; ls -l /etc/kubernetes /etc/kubernetes/manifests /etc/cni/net.d',
  ],
  ['kernel.log', 'journalctl -k -n 300 --no-pager -o short-iso'],
  ...units.map((unit) => [`${unit}.log`, `journalctl -u ${unit} -n 2000 --no-pager -o short-iso`] as const),
  ...containers.map(
    (name) =>
      [
        `${name}.log`,
        `for file in $(ls -tr /var/log/pods/kube-system_${name}-*/*/*.log | tail -n 3); do echo "== $file"; tail -n 1000 "$file"; done`,
      ] as const,
  ),
]);

/** What a host has in its journals and of its system, by file name; empty sections are left out. Reads only; one exec. */
export async function observeForSupport(reader: Reader): Promise<ReadonlyMap<string, string>> {
  const nonce = randomBytes(12).toString('hex');
  const bounded = new Map(
    [...sections].map(([name, script]) => [name, `{ ${script}\n} | tail -c ${most}`] as const),
  );
  const { stdout } = await reader.read(sectionsScript(nonce, bounded), { timeoutMs });
  const found = readSections(stdout, nonce);
  return new Map([...found].filter(([, text]) => text.trim() !== '' && text.trim() !== '-- No entries --'));
}
