import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { createLab } from '../lab/lab.ts';
import type { LabResult } from '../lab/lab.ts';
import { makeSite, stepLines } from '../lab/kboot.ts';
import type { Site, SiteHost, SiteSpec } from '../lab/kboot.ts';
import { output } from '../lab/traces.ts';

const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';

/** A program of the bundle; the bundle is KBOOT_BUNDLE. */
export function bundleProgram(name: string): string {
  return join(process.env['KBOOT_BUNDLE'] ?? '', `bin/linux-${architecture}`, name);
}

/** Whether KBOOT_BUNDLE has all files of a whole cluster. */
export const hasClusterBundle =
  (process.env['KBOOT_BUNDLE'] ?? '') !== '' && existsSync(bundleProgram('kubelet'));

/** For the title of skipped tests, so that nobody mistakes them for passed. */
export const unlessSkipped = hasClusterBundle
  ? ''
  : ' [NOT RUN: KBOOT_BUNDLE names no bundle with a kubelet]';

/**
 * Whether a bundle has what enforces NetworkPolicies. On a kernel without nft_queue it must queue in another way, and the
 * preflight check that refuses such a kernel be ignored.
 */
export function enforcesPolicies(bundle: string): boolean {
  const index = join(bundle, 'bundle.json');
  return existsSync(index) && readFileSync(index, 'utf8').includes('kube-network-policies');
}

/** A lab, kboot for it, and kubectl with the cluster's administrator. */
export interface ClusterSite extends Site {
  /** Writes the administrator's kubeconfig again; returns its path. */
  kubeconfig(): Promise<string>;
  /** Runs kubectl from the lab's bridge. A non-zero exit is a result. */
  kubectl(args: readonly string[], input?: string): Promise<LabResult>;
  /** Output of kubectl; throws if it fails. */
  kube(args: readonly string[], input?: string): Promise<string>;
}

/**
 * Boots hosts for a cluster whose members are `hosts`; `further` hosts belong to the lab only. `spec` goes into
 * the inventory.
 */
export async function clusterSite(
  name: string,
  hosts: readonly SiteHost[],
  { further = [], spec }: { readonly further?: readonly SiteHost[]; readonly spec?: SiteSpec } = {},
): Promise<ClusterSite> {
  const lab = await createLab({
    name,
    hosts: [...hosts, ...further].map((host) => ({ name: host.name, address: host.address })),
    swapLine: ['w-1'],
  });
  const site = await makeSite(lab, name, hosts, { KBOOT_BUNDLE: process.env['KBOOT_BUNDLE'] }, spec);
  return withKubectl(site);
}

/** A site with kubectl for the cluster of its inventory. */
export function withKubectl(site: Site): ClusterSite {
  const kubeconfig = async (): Promise<string> => {
    const path = join(site.dir, 'kubeconfig');
    const { stdout, stderr, exitCode } = await site.kboot('kubeconfig');
    if (exitCode !== 0) throw new Error(`kboot kubeconfig: ${stderr}`);
    // Clients may be reading it.
    await writeFile(`${path}.new`, stdout, { mode: 0o600 });
    await rename(`${path}.new`, path);
    return path;
  };
  const kubectl = async (args: readonly string[], input?: string): Promise<LabResult> => {
    const program = bundleProgram('kubectl');
    const argv = [program, '--kubeconfig', await kubeconfig(), '--request-timeout=20s', ...args];
    return site.lab.exec(argv, input === undefined ? {} : { input });
  };
  return {
    ...site,
    kubeconfig,
    kubectl,
    kube: async (args, input) => {
      const { exitCode, stdout, stderr } = await kubectl(args, input);
      if (exitCode !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}${stdout}`);
      return stdout.trimEnd();
    },
  };
}

/** `up` has no step. */
export async function expectNothingToDo(site: Site): Promise<void> {
  const result = await site.kboot('up', ['--yes', '-o', 'json']);
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(stepLines(result)).toEqual([]);
}

/** Retries until `attempt` succeeds; throws its last failure after `seconds`. */
export async function eventually<T>(seconds: number, attempt: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

interface Conditions {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** Names of the objects that kubectl lists, with whether each is Ready: `cp-1 Ready`. */
export async function readiness(site: ClusterSite, args: readonly string[]): Promise<readonly string[]> {
  const list = JSON.parse(await site.kube(['get', ...args, '-o', 'json'])) as Conditions;
  return list.items
    .map(({ metadata, status }) => {
      const ready = status.conditions?.find((each) => each.type === 'Ready')?.status === 'True';
      return `${metadata.name} ${ready ? 'Ready' : 'NotReady'}`;
    })
    .sort();
}

/** Running containers of a host, as `PROGRAM PID`, and the start times of its units. */
export async function running(site: Site, host: string): Promise<readonly string[]> {
  const script = `ctr -n k8s.io tasks list | while read -r _ pid state; do [ "$state" = RUNNING ] && echo "$(cat /proc/$pid/comm) $pid"; done | LC_ALL=C sort
    for u in containerd kubelet; do echo "$u.service $(systemctl show -p ActiveEnterTimestampMonotonic --value $u)"; done`;
  return (await output(site.lab, host, script)).split('\n');
}

/** Programs and units of `before` that have stopped or restarted, each once. */
export function restarted(before: readonly string[], after: readonly string[]): readonly string[] {
  const gone = before.filter((line) => !after.includes(line)).map((line) => line.split(' ')[0] ?? '');
  return [...new Set(gone)].sort();
}
