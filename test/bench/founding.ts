import { availableParallelism, loadavg } from 'node:os';
import { stringify } from 'yaml';
import { labKubelet, plannedSteps, type KbootEvent, type KbootResult, type SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { allChains, removeLinks, removeRules } from '../../src/resource/network-leftovers.ts';
import { clusterSite, type ClusterSite } from '../e2e/cluster.ts';
import { keepFigures, lastFigures } from './record.ts';
import { hasKubeadm, ignore, kubeadmDropIn, kubeadmOf, kubeletUnit, pour } from '../e2e/kubeadm.ts';

/** Three control planes and two workers. */
export const foundingHosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.50.11' },
  { name: 'cp-2', roles: ['control-plane'], address: '10.79.50.12' },
  { name: 'cp-3', roles: ['control-plane'], address: '10.79.50.13' },
  { name: 'w-1', roles: ['worker'], address: '10.79.50.21' },
  { name: 'w-2', roles: ['worker'], address: '10.79.50.22' },
];

const endpoint = '10.79.50.11:6443';
const podSubnet = '10.244.0.0/16';

/** The same cluster for both: no load balancer, which kubeadm does not make. */
export const foundingSpec = { controlPlaneEndpoint: endpoint, networking: { podSubnet } };

/** One founding, in seconds since the command began. */
interface Founding {
  /** Five nodes are Ready. */
  readonly ready: number;
  /** The last command ended. */
  readonly ended: number;
}

/**
 * `npm run bench -- founding`: three control planes and two workers whose files and images are in place, founded on the
 * same lab hosts in turn by kboot, by kubeadm, and by kboot again. Prints seconds, their ratio, and kboot's longest chain.
 * Throws without KBOOT_BUNDLE and its kubeadm.
 */
export async function benchFounding(): Promise<void> {
  if (!hasKubeadm)
    throw new Error('KBOOT_BUNDLE names no bundle with a kubelet, or BUNDLE-kubeadm has no kubeadm');
  const say = (text: string): void => {
    process.stdout.write(`${text}\n`);
  };
  const load = (): string => `load ${loadavg()[0]?.toFixed(1) ?? '?'}`;
  const site = await clusterSite('founding', foundingHosts, { spec: foundingSpec });
  try {
    await prepareHosts(site);
    const own = async (): Promise<KbootResult & { readonly ready: number }> => {
      const { ready, ended, result } = await foundByKboot(site);
      const chain = /^Longest chain.*$/m.exec(result.stderr)?.[0] ?? '';
      say(
        `kboot    five nodes Ready ${ready.toFixed(1)} s, ended ${ended.toFixed(1)} s, ${load()}\n  ${chain}`,
      );
      await removeCluster(site);
      return { ...result, ready };
    };
    const first = await own();
    const kubeadm = await foundByKubeadm(site, flannelOf(first));
    say(
      `kubeadm  five nodes Ready ${kubeadm.ready.toFixed(1)} s, ended ${kubeadm.ended.toFixed(1)} s, ${load()}`,
    );
    await removeCluster(site);
    const second = await own();
    const ratios = [first, second].map(({ ready }) => kubeadm.ready / ready);
    const { ratio: former } = lastFigures('founding');
    say(
      `kboot is ${ratios.map((each) => each.toFixed(1)).join(' and ')} × faster (target: 3 ×; ${former === undefined ? '' : `last run: ${former.toFixed(1)} ×; `}${availableParallelism()} cores)`,
    );
    keepFigures('founding', { ratio: Math.min(...ratios) });
  } finally {
    await site.close();
  }
}

/** Puts files and images on the hosts, and what only kubeadm needs. */
async function prepareHosts(site: ClusterSite): Promise<void> {
  const { exitCode, stderr, stdout } = await site.kboot('up', ['--until', 'runtime', '--yes']);
  if (exitCode !== 0) throw new Error(`kboot up --until runtime: ${stderr}${stdout}`);
  const kubeadm = kubeadmOf(process.env['KBOOT_BUNDLE'] ?? '');
  await onEach((host) =>
    pour(site, host, `cat ${kubeadm}`, 'cat > /usr/bin/kubeadm && chmod 755 /usr/bin/kubeadm'),
  );
}

/** `kboot up` on hosts that have everything but a cluster. */
async function foundByKboot(site: ClusterSite): Promise<Founding & { readonly result: KbootResult }> {
  const begun = Date.now();
  const nodes = new Set<string>();
  let ready = NaN;
  const onEvent = (event: KbootEvent): void => {
    const node = event.type === 'done' ? / Node (\S+) Ready/.exec(event.step ?? '')?.[1] : undefined;
    if (node === undefined) return;
    nodes.add(node);
    if (nodes.size === foundingHosts.length) ready = seconds(begun);
  };
  const result = await site.kboot('up', ['--yes', '--stats', '-o', 'json'], { onEvent });
  if (result.exitCode !== 0) throw new Error(`kboot up: ${result.stderr}${result.stdout.slice(-3000)}`);
  return { ready, ended: seconds(begun), result };
}

/** flannel's objects, of a plan that kboot made for the same cluster. */
export function flannelOf(result: KbootResult): string {
  return plannedSteps(result)
    .flatMap((step) => (step.type === 'apply' ? [step.object] : []))
    .filter(({ metadata }) => /flannel/.test(`${metadata.namespace ?? ''} ${metadata.name}`))
    .map((object) => stringify(object))
    .join('---\n');
}

/**
 * `kubeadm init`, flannel at once, and joins without pauses: control planes one after another, as kubeadm must, and the
 * workers beside them.
 */
export async function foundByKubeadm(
  site: ClusterSite,
  flannel: string,
  version = 'v1.36.2',
): Promise<Founding> {
  await onEach((host) => output(site.lab, host, kubeletService));
  await site.lab.ssh('cp-1', 'cat > /root/kubeadm.yaml', { input: config(version) });
  await site.lab.ssh('cp-1', 'cat > /root/cni.yaml', { input: flannel });
  const begun = Date.now();
  const joins = await output(
    site.lab,
    'cp-1',
    `set -e
kubeadm init --config /root/kubeadm.yaml --upload-certs ${ignore} --skip-token-print >/root/init.log 2>&1 || { tail -n 40 /root/init.log; exit 1; }
kubectl --kubeconfig /etc/kubernetes/admin.conf apply -f /root/cni.yaml >/dev/null
key=$(kubeadm init phase upload-certs --upload-certs --config /root/kubeadm.yaml 2>/dev/null | tail -n 1)
join=$(kubeadm token create --print-join-command 2>/dev/null)
echo "$join"; echo "$join --control-plane --certificate-key $key"`,
  );
  const [worker = '', plane = ''] = joins.split('\n');
  const join = (host: SiteHost): Promise<string> => {
    const more = host.roles.includes('control-plane') ? ` --apiserver-advertise-address ${host.address}` : '';
    const command = more === '' ? worker : plane;
    return output(site.lab, host.name, `${command}${more} --node-name ${host.name} ${ignore} 2>&1`);
  };
  await Promise.all([
    ...foundingHosts.filter(({ roles }) => roles.includes('worker')).map(join),
    (async () => {
      for (const name of ['cp-2', 'cp-3']) {
        const host = foundingHosts.find((each) => each.name === name);
        if (host !== undefined) await join(host);
      }
    })(),
  ]);
  const ended = seconds(begun);
  await output(
    site.lab,
    'cp-1',
    'kubectl --kubeconfig /etc/kubernetes/admin.conf wait --for=condition=Ready node --all --timeout=300s',
  );
  return { ready: seconds(begun), ended };
}

/** Removes the cluster, and leaves programs, images and containerd as they are. */
export async function removeCluster(site: ClusterSite): Promise<void> {
  await onEach((host) => output(site.lab, host, leaveCluster));
}

/** Shell that takes a host out of its cluster, and leaves programs, images and containerd as they are. */
export const leaveCluster = `systemctl stop kubelet 2>/dev/null
for i in 1 2 3 4 5 6 7 8; do
  crictl rmp -fa >/dev/null 2>&1
  ctr -n k8s.io tasks ls -q | xargs -r -n1 ctr -n k8s.io tasks rm -f >/dev/null 2>&1
  ctr -n k8s.io containers ls -q | xargs -r ctr -n k8s.io containers rm >/dev/null 2>&1
  [ -n "$(ls /run/containerd/io.containerd.runtime.v2.task/k8s.io 2>/dev/null)" ] || break
  sleep 1
done
grep -oE ' /var/lib/kubelet/[^ ]+' /proc/mounts | sort -r | xargs -r umount -l
rm -rf /etc/kubernetes /var/lib/etcd /var/lib/kubelet /etc/cni/net.d/* /var/lib/cni /run/flannel /var/lib/kboot/cluster
rm -rf /etc/systemd/system/kubelet.service.d /usr/lib/systemd/system/kubelet.service.d /root/kubeadm.yaml
mkdir -p /run/kboot
${removeLinks}
${removeRules(allChains)}
nft delete table ip kube-proxy 2>/dev/null; nft delete table ip6 kube-proxy 2>/dev/null
rm -rf /run/kboot
systemctl daemon-reload; systemctl reset-failed
sync
true`;

/** The unit of kubeadm's packages, with its drop-in. */
const kubeletService = `set -e
mkdir -p /usr/lib/systemd/system/kubelet.service.d /etc/kubernetes/manifests
mount --make-rshared /
if ! test -e /etc/systemd/system/kubelet.service && ! test -e /usr/lib/systemd/system/kubelet.service; then
${kubeletUnit}
else
${kubeadmDropIn}
fi
systemctl daemon-reload
systemctl enable -q kubelet`;

function config(kubernetesVersion: string): string {
  const kubeadm = 'kubeadm.k8s.io/v1beta4';
  return [
    {
      ...{ apiVersion: kubeadm, kind: 'InitConfiguration' },
      localAPIEndpoint: { advertiseAddress: foundingHosts[0]?.address },
      nodeRegistration: { name: 'cp-1', criSocket: 'unix:///run/containerd/containerd.sock' },
    },
    {
      ...{ apiVersion: kubeadm, kind: 'ClusterConfiguration', kubernetesVersion },
      ...{ controlPlaneEndpoint: endpoint, networking: { podSubnet } },
    },
    {
      ...{ apiVersion: 'kubelet.config.k8s.io/v1beta1', kind: 'KubeletConfiguration' },
      ...labKubelet,
    },
    {
      ...{ apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' },
      conntrack: { maxPerCore: 0 },
    },
  ]
    .map((object) => stringify(object))
    .join('---\n');
}

export async function onEach(work: (host: string) => Promise<unknown>): Promise<void> {
  await Promise.all(foundingHosts.map(({ name }) => work(name)));
}

export const seconds = (begun: number): number => (Date.now() - begun) / 1000;
