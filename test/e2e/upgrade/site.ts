import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { KbootOptions, KbootResult, SiteHost, SiteSpec } from '../../lab/kboot.ts';
import { clusterSite, eventually, expectNothingToDo } from '../cluster.ts';
import type { ClusterSite } from '../cluster.ts';
import { watchWith } from '../watch.ts';
import type { UpgradeBundles, VersionBundle } from './bundles.ts';
import type { ClientsOrder, ClientsReport } from './clients.ts';
import { skewBreaches, workerDrains } from './record.ts';
import { serviceName, workloadNames, workloads } from './workloads.ts';

/** A cluster of the old version with workloads, and kboot for it. */
export interface UpgradeSite extends ClusterSite {
  readonly bundles: UpgradeBundles;
  readonly hosts: readonly SiteHost[];
  /** Runs `kboot VERB` with the inventory and the bundle of a version; `spec` overrides fields of the inventory. */
  at(
    bundle: VersionBundle,
    verb: string,
    rest?: readonly string[],
    options?: KbootOptions & { readonly spec?: SiteSpec },
  ): Promise<KbootResult>;
  /** `up --yes -o json` to the new version. */
  upgrade(options?: KbootOptions & { readonly spec?: SiteSpec }): Promise<KbootResult>;
}

/** Roles of hosts, and fields of the inventory's spec, of one kind of cluster. */
export interface UpgradeShape {
  readonly hosts: readonly SiteHost[];
  readonly spec?: SiteSpec;
}

/** Boots hosts, makes a cluster of the old version, and starts the workloads. */
export async function upgradeSite(
  name: string,
  shape: UpgradeShape,
  bundles: UpgradeBundles,
): Promise<UpgradeSite> {
  const { hosts, spec = {} } = shape;
  const old = { ...spec, kubernetesVersion: bundles.from.version };
  const base = await clusterSite(name, hosts, { spec: old });
  let written = 0;
  const at: UpgradeSite['at'] = async (bundle, verb, rest = [], { spec: more, ...options } = {}) => {
    const change = { spec: { ...spec, ...more, kubernetesVersion: bundle.version } };
    const inventory = await base.write(`${bundle.version}-${written++}`, change);
    const env = { ...options.env, KBOOT_BUNDLE: bundle.dir };
    return base.kboot(verb, rest, { inventory, ...options, env });
  };
  const site: UpgradeSite = {
    ...base,
    bundles,
    hosts,
    at,
    upgrade: (options) => at(bundles.to, 'up', ['--yes', '-o', 'json'], options),
  };
  try {
    const result = await at(bundles.from, 'up', ['--yes']);
    expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
    await site.kube(['create', 'namespace', 'drill']);
    await site.kube(['apply', '-f', '-'], workloads({ service: spec['metallb'] !== undefined }));
    await workloadsReady(site);
  } catch (error) {
    await site.close();
    throw error;
  }
  return site;
}

/** Every workload has all its replicas, within two minutes. */
export async function workloadsReady(site: ClusterSite): Promise<void> {
  for (const name of workloadNames)
    await site.kube(['--request-timeout=0', 'rollout', 'status', name, '--timeout=120s']);
}

const controlPlanes = (site: UpgradeSite): readonly SiteHost[] =>
  site.hosts.filter(({ roles }) => roles.includes('control-plane'));

/** The hosts of etcd members: those of the role etcd, or else the control planes. */
function etcdHosts(site: UpgradeSite): readonly SiteHost[] {
  const own = site.hosts.filter(({ roles }) => roles.includes('etcd'));
  return own.length > 0 ? own : controlPlanes(site);
}

/**
 * Clients at the API, the Service and the versions during `during`. Returns what they saw, and prints it: no test
 * asserts how fast a machine is. Every acknowledged write exists afterwards.
 */
export async function measured(
  site: UpgradeSite,
  title: string,
  during: () => Promise<void>,
): Promise<ClientsReport> {
  const order: ClientsOrder = {
    kubeconfig: await site.kubeconfig(),
    servers: Object.fromEntries(
      controlPlanes(site).map(({ name, address }) => [name, `https://${address}:6443`]),
    ),
    members: Object.fromEntries(etcdHosts(site).map(({ name, address }) => [name, address])),
    ...(await serviceOf(site)),
  };
  let seconds = 0;
  const script = new URL('./clients.ts', import.meta.url);
  const report = await watchWith<ClientsReport>(site.lab, script, [JSON.stringify(order)], async () => {
    const begun = Date.now();
    await during();
    seconds = (Date.now() - begun) / 1000;
  });
  const there = new Set(
    await eventually(60, async () =>
      (await site.kube(['get', 'configmap', '-n', 'drill', '-o', 'name'])).split('\n'),
    ),
  );
  const lost = report.acknowledged.filter((name) => !there.has(`configmap/${name}`));
  const { api, service } = report;
  tell(
    `${title}: ${seconds.toFixed(1)} s; API: longest gap ${api.longestGapMs} ms, ${api.answered} answers, ${api.failed} failed; ` +
      `Service: ${service.lost.length} of ${service.answered + service.lost.length} requests lost, longest gap ${service.longestGapMs} ms; ` +
      `writes: ${report.acknowledged.length} acknowledged, ${lost.length} lost, ${report.refusedWrites} not acknowledged; the clients themselves were late by ${report.lateMs} ms at most`,
  );
  for (const { ms, why } of service.lost.slice(0, 5)) tell(`  lost at ${ms} ms: ${why}`);
  expect(lost).toEqual([]);
  expect(report.acknowledged.length).toBeGreaterThan(0);
  return report;
}

/** An upgrade while clients look on: no request of the Service is lost, no version too new, and each worker is drained once. */
export async function expectSmoothUpgrade(
  site: UpgradeSite,
  title: string,
  workers: readonly string[],
): Promise<void> {
  const results: KbootResult[] = [];
  const report = await measured(site, title, async () => {
    results.push(await site.upgrade());
  });
  const [result] = results;
  expect(result, `${result?.stdout.slice(-3000)}${result?.stderr}`).toMatchObject({ exitCode: 0 });
  expect(report.service.lost).toEqual([]);
  expect(report.service.answered).toBeGreaterThan(0);
  expect(skewBreaches(report.samples)).toEqual([]);
  expect(workerDrains(results)).toEqual(workers);
  await expectSettled(site, site.bundles.to);
}

async function serviceOf(site: UpgradeSite): Promise<{ readonly service?: string }> {
  const { exitCode } = await site.kubectl(['get', 'service', serviceName]);
  if (exitCode !== 0) return {};
  const kind = 'jsonpath={.spec.type} {.spec.ports[0].nodePort}';
  const [type, nodePort = ''] = (await site.kube(['get', 'service', serviceName, '-o', kind])).split(' ');
  if (type === 'NodePort') return { service: `http://${controlPlanes(site)[0]?.address ?? ''}:${nodePort}/` };
  const path = 'jsonpath={.status.loadBalancer.ingress[0].ip}';
  const address = await eventually(30, async () => {
    const found = await site.kube(['get', 'service', serviceName, '-o', path]);
    expect(found).toMatch(/^\d+\./);
    return found;
  });
  return { service: `http://${address}/` };
}

/**
 * The cluster is at the version of `bundle` and nothing is left to do: kubelets and API servers, `verify`, a second
 * `up`, `drift`, the workloads, no cordoned Node, and kubeadm on a control plane agrees.
 */
export async function expectSettled(
  site: UpgradeSite,
  bundle: VersionBundle,
  spec?: SiteSpec,
): Promise<void> {
  const versions = ['get', 'nodes', '-o', 'jsonpath={.items[*].status.nodeInfo.kubeletVersion}'];
  const kubelets = await eventually(30, async () => {
    const found = (await site.kube(versions)).split(' ');
    expect([...new Set(found)]).toEqual([bundle.version]);
    return found;
  });
  expect(kubelets).toHaveLength(
    site.hosts.filter(({ roles }) => roles.some((role) => role !== 'etcd')).length,
  );
  expect(await site.kube(['get', 'nodes', '--field-selector', 'spec.unschedulable=true', '-o', 'name'])).toBe(
    '',
  );
  await workloadsReady(site);
  const given = spec === undefined ? {} : { spec };
  await expectNothingToDo({
    ...site,
    kboot: (verb, rest, options) => site.at(bundle, verb, rest, { ...options, ...given }),
  });
  const drift = await site.at(bundle, 'drift', [], given);
  expect(drift, drift.stdout + drift.stderr).toMatchObject({ exitCode: 0 });
  const verify = await site.at(bundle, 'verify', [], given);
  expect(verify, verify.stdout + verify.stderr).toMatchObject({ exitCode: 0 });
  await kubeadmAgrees(site, bundle);
}

/** kubeadm, of the folder BUNDLE-kubeadm, finds nothing to upgrade. Without that file it says that it did not ask. */
async function kubeadmAgrees(site: UpgradeSite, bundle: VersionBundle): Promise<void> {
  const program = join(`${bundle.dir}-kubeadm`, 'kubeadm');
  if (!existsSync(program)) {
    tell(`kubeadm was NOT asked: there is no ${program}`);
    return;
  }
  const host = controlPlanes(site)[0]?.name ?? '';
  await copyTo(site, host, program, '/root/kubeadm');
  const command = `/root/kubeadm upgrade plan ${bundle.version} --ignore-preflight-errors=SystemVerification -v=1 2>&1`;
  const { exitCode, stdout, stderr } = await site.lab.ssh(
    host,
    `${command}; status=$?; rm /root/kubeadm; exit $status`,
  );
  expect({ exitCode, stdout }, stdout + stderr).toMatchObject({ exitCode: 0 });
  // Told at verbosity 1 only (cmd/kubeadm/app/cmd/upgrade/plan.go); otherwise it prints what there is to upgrade.
  const words = "Awesome, you're up-to-date!";
  tell(`kubeadm upgrade plan ${bundle.version} on ${host}: ${stdout.includes(words) ? words : stdout}`);
  expect(stdout).toContain(words);
}

/** Copies a file onto a host, executable. */
export async function copyTo(site: ClusterSite, host: string, from: string, to: string): Promise<void> {
  const argv = site.lab.sshArgv(host);
  const script = `from=$1; shift; exec "$@" 'cat > ${to} && chmod 755 ${to}' < "$from"`;
  const { exitCode, stderr } = await site.lab.exec(['sh', '-c', script, 'sh', from, ...argv]);
  if (exitCode !== 0) throw new Error(`copying ${from} to ${host}: ${stderr}`);
}

/** A figure of this run, for people. */
export function tell(line: string): void {
  process.stdout.write(`${line}\n`);
}
