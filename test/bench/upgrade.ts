import { availableParallelism, loadavg } from 'node:os';
import { clusterSite, type ClusterSite } from '../e2e/cluster.ts';
import { ignore, kubeadmOf, kubeadmWith, pour } from '../e2e/kubeadm.ts';
import { upgradeBundles, type VersionBundle } from '../e2e/upgrade/bundles.ts';
import type { KbootResult } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import {
  flannelOf,
  foundByKubeadm,
  foundingHosts,
  foundingSpec,
  onEach,
  removeCluster,
  seconds,
} from './founding.ts';
import { keepFigures, lastFigures } from './record.ts';

/**
 * `npm run bench -- upgrade`: three control planes and two workers go from one minor release to the next, on the same lab
 * hosts by kboot, and by kubeadm as kubernetes.io describes it, without pauses. Images of both releases are on the hosts, and
 * kubeadm's programs too; kboot sends its own. Throws without KBOOT_BUNDLE_FROM, KBOOT_BUNDLE and a kubeadm of each.
 */
export async function benchUpgrade(): Promise<void> {
  const { bundles } = upgradeBundles('minor');
  if (bundles === undefined || ![bundles.from, bundles.to].every(({ dir }) => kubeadmWith(dir)))
    throw new Error(
      'KBOOT_BUNDLE_FROM and KBOOT_BUNDLE name no bundles of two minor releases with their kubeadm',
    );
  const { from, to } = bundles;
  const say = (text: string): void => {
    process.stdout.write(`${text}, load ${loadavg()[0]?.toFixed(1) ?? '?'}\n`);
  };
  const site = await clusterSite('upgrade', foundingHosts, {
    spec: { ...foundingSpec, kubernetesVersion: from.version },
  });
  const kboot = (bundle: VersionBundle, args: readonly string[]): Promise<KbootResult> =>
    upTo(site, bundle, args);
  try {
    await kboot(from, ['--until', 'runtime']);
    await onEach((host) => bring(site, host, from, to));

    const founded = await kboot(from, []);
    const begun = Date.now();
    await kboot(to, []);
    const own = seconds(begun);
    say(`kboot    ${from.version} to ${to.version} in ${own.toFixed(1)} s`);

    await removeCluster(site);
    await kboot(from, ['--until', 'runtime']);
    await foundByKubeadm(site, flannelOf(founded), from.version);
    const procedure = Date.now();
    await upgradeByKubeadm(site, to.version);
    const kubeadm = seconds(procedure);
    say(`kubeadm  ${from.version} to ${to.version} in ${kubeadm.toFixed(1)} s`);

    const { ratio: former } = lastFigures('upgrade');
    const ratio = kubeadm / own;
    process.stdout.write(
      `kboot is ${ratio.toFixed(1)} × faster (target: 1.5 ×; ${former === undefined ? '' : `last run: ${former.toFixed(1)} ×; `}${availableParallelism()} cores)\n`,
    );
    keepFigures('upgrade', { ratio });
  } finally {
    await site.close();
  }
}

async function upTo(
  site: ClusterSite,
  { dir, version }: VersionBundle,
  args: readonly string[],
): Promise<KbootResult> {
  const inventory = await site.write(version, { spec: { ...foundingSpec, kubernetesVersion: version } });
  const result = await site.kboot('up', [...args, '--yes', '-o', 'json'], {
    inventory,
    env: { KBOOT_BUNDLE: dir },
  });
  if (result.exitCode !== 0) throw new Error(`kboot up: ${result.stderr}${result.stdout.slice(-3000)}`);
  return result;
}

/** The images of the new release, its programs, and kubeadm of both. */
async function bring(site: ClusterSite, host: string, from: VersionBundle, to: VersionBundle): Promise<void> {
  await pour(site, host, `tar -C ${to.dir} -c images bin`, 'mkdir -p /srv/new && tar -C /srv/new -x');
  await output(
    site.lab,
    host,
    'for f in /srv/new/images/*/*.tar; do ctr -n k8s.io images import $f >/dev/null; done; rm -r /srv/new/images; mv /srv/new/bin/*/* /srv/new',
  );
  await pour(site, host, `cat ${kubeadmOf(to.dir)}`, 'cat > /srv/new/kubeadm && chmod 755 /srv/new/kubeadm');
  await pour(
    site,
    host,
    `cat ${kubeadmOf(from.dir)}`,
    'cat > /usr/bin/kubeadm && chmod 755 /usr/bin/kubeadm',
  );
}

/** kubernetes.io, "Upgrading kubeadm clusters": one control plane after another, then one worker after another. */
async function upgradeByKubeadm(site: ClusterSite, version: string): Promise<void> {
  const admin = 'kubectl --kubeconfig /etc/kubernetes/admin.conf';
  for (const { name } of foundingHosts) {
    const command = name === 'cp-1' ? `apply ${version} -y` : 'node';
    await output(
      site.lab,
      name,
      `set -e; install /srv/new/kubeadm /usr/bin/kubeadm
kubeadm upgrade ${command} ${ignore} >/root/upgrade.log 2>&1 || { tail -n 40 /root/upgrade.log; exit 1; }`,
    );
    await output(
      site.lab,
      'cp-1',
      `${admin} drain ${name} --ignore-daemonsets --delete-emptydir-data --timeout=300s >/dev/null`,
    );
    await output(
      site.lab,
      name,
      'set -e; install /srv/new/kubelet /srv/new/kubectl /usr/bin/; systemctl daemon-reload; systemctl restart kubelet',
    );
    await output(
      site.lab,
      'cp-1',
      `${admin} uncordon ${name} >/dev/null
until [ "$(${admin} get node ${name} -o "jsonpath={.status.nodeInfo.kubeletVersion}")" = ${version} ]; do sleep 0.5; done
${admin} wait --for=condition=Ready node/${name} --timeout=300s >/dev/null`,
    );
  }
}
