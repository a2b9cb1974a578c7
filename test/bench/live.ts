import { readdirSync, statSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { stepLines, type KbootResult, type SiteHost } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';
import { clusterSite, hasClusterBundle, type ClusterSite } from '../e2e/cluster.ts';
import { checkingPlaybook, hasAnsible } from './ansible.ts';
import { fanOut, sshToAll } from './fan-out.ts';
import { leaveCluster } from './founding.ts';
import { median } from './measure.ts';
import { keepFigures, lastFigures } from './record.ts';
import { aligned } from './table.ts';

const hosts: readonly SiteHost[] = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.51.11' },
  { name: 'cp-2', roles: ['control-plane'], address: '10.79.51.12' },
  { name: 'cp-3', roles: ['control-plane'], address: '10.79.51.13' },
  { name: 'w-1', roles: ['worker'], address: '10.79.51.21' },
  { name: 'w-2', roles: ['worker'], address: '10.79.51.22' },
];
const spec = {
  artifacts: { spread: 'hosts' },
  loadBalancer: { virtualIP: '10.79.51.100', port: 8443, virtualRouterID: 52 },
};

/** The node that is taken out and added again. */
const added = 'w-2';

/**
 * `npm run bench -- live [ROUNDS]`: a running cluster of three control planes and two workers in the lab. Every round has
 * each command once, so that other load affects all of them equally. Throws without KBOOT_BUNDLE.
 */
export async function benchLive(rounds: number): Promise<void> {
  if (!hasClusterBundle) throw new Error('KBOOT_BUNDLE names no bundle with a kubelet');
  const site = await clusterSite('live', hosts, { spec });
  try {
    const founded = await changed(site);
    process.stdout.write(`${sentText(founded)}\n`);
    await output(site.lab, added, leaveCluster);
    await site.kube(['delete', 'node', added]);
    process.stdout.write(`${addedText(await changed(site))}\n`);
    await calm(site);

    const commands: Record<string, () => Promise<void>> = {
      [fanOut]: () =>
        sshToAll(
          site.lab,
          hosts.map(({ name }) => name),
        ),
      'kboot plan, nothing to do': () => noOp(site, 'plan'),
      'kboot up, nothing to do': () => noOp(site, 'up', ['--yes']),
      'kboot plan --deep': () => noOp(site, 'plan', ['--deep']),
    };
    const playbook = hasAnsible ? await checkingPlaybook(site, hosts, founded.result) : undefined;
    const taken = new Map([...Object.keys(commands)].map((name) => [name, [] as number[]]));
    for (let round = 0; round < rounds; round++)
      for (const [name, run] of Object.entries(commands)) taken.get(name)?.push(await seconds(run));
    const medians = new Map([...taken].map(([name, all]) => [name, median(all)]));
    // Once: it takes as long as many rounds of the others.
    if (playbook !== undefined) medians.set('ansible-playbook, the same checks', await seconds(playbook));

    show(medians);
    process.stdout.write(playbook === undefined ? 'Ansible is not installed: not measured.\n' : '');
    process.stdout.write(`${await changedFile(site)}\n`);
  } finally {
    await site.close();
  }
}

/** A run of `up` that changed something. */
interface Changed {
  readonly result: KbootResult;
  readonly seconds: number;
  /** Bytes that left this machine. */
  readonly sent: number;
}

async function changed(site: ClusterSite): Promise<Changed> {
  const begun = performance.now();
  const result = await site.kboot('up', ['--yes', '-o', 'json', '--stats']);
  const stats = result.events.find(({ type }) => type === 'stats');
  if (result.exitCode !== 0 || stats === undefined)
    throw new Error(`kboot up: ${result.stderr}${result.stdout.slice(-3000)}`);
  const perHost = stats['hosts'] as readonly { readonly bytesUp: number }[];
  const sent = perHost.reduce((sum, { bytesUp }) => sum + bytesUp, 0);
  return { result, seconds: (performance.now() - begun) / 1000, sent };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** `five fresh hosts: 95.1 s, 3600.2 MB out of the operator, 2.8 × the bundle` */
function sentText({ seconds: taken, sent }: Changed): string {
  const bundle = folderSize(process.env['KBOOT_BUNDLE'] ?? '');
  return `${hosts.length} fresh hosts: ${taken.toFixed(1)} s, ${megabytes(sent)} out of the operator, ${(sent / bundle).toFixed(2)} × the bundle`;
}

/** `one node added, its files in place: 21.3 s, 0.4 MB out of the operator; steps on other hosts: none` */
function addedText({ result, seconds: taken, sent }: Changed): string {
  const others = stepLines(result).filter((line) =>
    hosts.some(({ name }) => name !== added && line.startsWith(`${name} `)),
  );
  return `one node added, its files in place: ${taken.toFixed(1)} s, ${megabytes(sent)} out of the operator; steps on other hosts: ${others.join(', ') || 'none'}`;
}

function folderSize(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** Prints a line per command, with the ratio to the fan-out, and what the last run on this machine took. */
function show(medians: ReadonlyMap<string, number>): void {
  const base = medians.get(fanOut) ?? NaN;
  const former = lastFigures('live');
  const rows = [...medians].map(([name, taken]) => [
    name,
    taken.toFixed(2),
    `${(taken / base).toFixed(1)} ×`,
    former[name] === undefined ? '' : `${former[name].toFixed(1)} ×`,
  ]);
  process.stdout.write(
    `${aligned([['', 'median s', 'ratio', 'ratio of the last run'], ...rows])}\n\n${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1) ?? '?'}\n`,
  );
  keepFigures('live', Object.fromEntries([...medians].map(([name, taken]) => [name, taken / base])));
}

async function seconds(run: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await run();
  return (performance.now() - begun) / 1000;
}

/** Until a run finds nothing to do: the cluster replaces the Pods of the Node that was away. */
async function calm(site: ClusterSite): Promise<void> {
  for (let left = 4; left > 0; left--) if (isNoOp(await site.kboot('up', ['--yes']))) return;
  await noOp(site, 'up', ['--yes']);
}

function isNoOp({ exitCode, stdout }: KbootResult): boolean {
  return exitCode === 0 && /nothing to do/i.test(stdout);
}

async function noOp(site: ClusterSite, command: string, args: readonly string[] = []): Promise<void> {
  const result = await site.kboot(command, args);
  if (!isNoOp(result)) throw new Error(`kboot ${command}: ${result.stderr}${result.stdout.slice(-3000)}`);
}

/** A program changed in one byte, with its size and the time of its content as before. */
async function changedFile(site: ClusterSite): Promise<string> {
  const path = '/usr/bin/kubectl';
  await output(
    site.lab,
    'w-1',
    `t=$(stat -c %y ${path}); cp -a ${path} /root/kept
printf X | dd of=${path} bs=1 seek=4000000 conv=notrunc status=none; touch -d "$t" ${path}`,
  );
  const found = await site.kboot('drift', ['-o', 'json']);
  const lines = stepLines(found);
  const repaired = await site.kboot('up', ['--yes']);
  await output(site.lab, 'w-1', `cmp ${path} /root/kept && rm /root/kept`);
  return `${path} of w-1 changed in one byte, its time put back: drift ends with ${String(found.exitCode)} and names ${lines.join(', ')}; up repairs it (exit ${String(repaired.exitCode)}).`;
}
