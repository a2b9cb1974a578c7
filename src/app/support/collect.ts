import { readDocument } from '../../inventory/document.ts';
import { readInventoryText } from '../../inventory/load.ts';
import { hostsWith, type Json } from '../../model/cluster.ts';
import { KbootError } from '../../model/error.ts';
import { kbootVersion } from '../../model/kboot-version.ts';
import { redacted, redactJson, redactText, secretsIn, type KnownSecrets } from '../../model/redact.ts';
import { without } from '../../model/without.ts';
import { observeKubeSystem } from '../../observe/kube-system.ts';
import { probeHost } from '../../observe/probe.ts';
import { observeForSupport } from '../../observe/support.ts';
import type { PlanScope } from '../../plan/scope.ts';
import { statedSecrets } from '../../desire/secrets.ts';
import { lastRunLogs } from '../../store/support-archive.ts';
import type { ConnectOptions } from '../../transport/types.ts';
import { apiCredentials } from '../credentials.ts';
import { makePlan } from '../make-plan.ts';
import { connectAll, type Connections } from '../observe/connect.ts';
import { observeStatus } from '../status.ts';
import { openWorkspace, type CommonOptions, type Workspace } from '../workspace.ts';
import { supportInventory, variablesIn } from './inventory-text.ts';

/** Something that the archive should have, and lacks. */
export interface Missing {
  readonly what: string;
  readonly why: string;
}

/** What a maintainer would ask for, by path in the archive, without secrets. */
export interface Support {
  readonly cluster: string;
  readonly files: ReadonlyMap<string, string>;
  readonly missing: readonly Missing[];
}

/**
 * Reads this machine, the hosts and the API as far as each can be read; the rest is `missing`. Changes nothing. Throws what
 * the inventory and the state folder throw.
 */
export async function collectSupport(
  options: CommonOptions,
  connect: ConnectOptions,
  concurrency: number,
): Promise<Support> {
  const text = readInventoryText(options.inventory);
  const workspace = await openWorkspace({ ...options, withoutEtcdFiles: true });
  const known = knownSecrets(workspace, text, connect);
  const files = new Map<string, string>();
  const missing: Missing[] = [];
  const add = (path: string, value: unknown): void => {
    files.set(path, `${JSON.stringify(redactJson(value as Json, known), null, 1)}\n`);
  };
  const attempt = async (what: string, read: () => Promise<void>): Promise<void> => {
    try {
      await read();
    } catch (error) {
      missing.push({ what, why: redactText(whyOf(error), known) });
    }
  };
  files.set('inventory.yaml', supportInventory(text, known));
  await attempt('runs', () => {
    for (const [name, log] of lastRunLogs(workspace.state))
      files.set(`runs/${name}`, redactLines(log, known));
    return Promise.resolve();
  });
  await attempt('plan.json', async () => {
    const { plan, connections, findings } = await makePlan(
      await openWorkspace(options),
      wholeCluster,
      connect,
      concurrency,
    );
    await connections.close();
    add('plan.json', plan);
    add('findings.json', findings);
  });
  await attempt('status.json', async () => {
    const { status } = await observeStatus(workspace, connect, concurrency);
    add('status.json', status);
  });
  const connections = await connectAll(
    workspace,
    workspace.cluster.hosts,
    connect,
    concurrency,
    async (host, { reader }) => {
      const { inspection } = await probeHost(reader, []);
      add(`hosts/${host.name}/facts.json`, inspection);
      for (const [name, log] of await observeForSupport(reader))
        files.set(`hosts/${host.name}/${name}`, redactText(log, known));
    },
  );
  try {
    for (const [host, error] of connections.failed)
      missing.push({ what: `hosts/${host}`, why: redactText(whyOf(error), known) });
    await attempt('kube-system.json', async () => {
      add('kube-system.json', await readKubeSystem(workspace, connections));
    });
  } finally {
    await connections.close();
  }
  add('about.json', {
    kboot: kbootVersion(),
    node: process.version,
    machine: `${process.platform} ${process.arch}`,
    cluster: workspace.cluster.name,
    kubernetesVersion: workspace.cluster.kubernetesVersion,
    made: new Date().toISOString(),
    missing,
  });
  return { cluster: workspace.cluster.name, files, missing };
}

const wholeCluster: PlanScope = { until: 'addon', limit: [], ignore: [] };

/** From the first control plane whose API server answers. Throws why the last one does not. */
async function readKubeSystem(workspace: Workspace, connections: Connections): Promise<Json> {
  const { cluster, pki } = workspace;
  if (!pki.isIssued('ca'))
    throw new KbootError('E-KUBE-API', 'no cluster was created from this state folder');
  let last: unknown = new KbootError('E-KUBE-API', 'no control plane could be reached');
  for (const host of hostsWith(cluster, 'control-plane')) {
    const reader = connections.open.get(host.name)?.reader;
    if (reader === undefined) continue;
    try {
      return await observeKubeSystem(reader, host.address, apiCredentials(pki));
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

/** Passwords of this run, secrets of its environment, what the inventory takes from there, and texts that it states as secret. */
function knownSecrets(workspace: Workspace, text: string, connect: ConnectOptions): KnownSecrets {
  const { sudoPassword, sshPassword, bastionPassword } = connect;
  const passwords = [sudoPassword, sshPassword, bastionPassword].flatMap((value) => value ?? []);
  const stated = [...statedSecrets(workspace.desire).values()].map((value) => value.trim());
  return new Map([
    // The shell's folders only end as the names of passwords do.
    ...secretsIn(without(process.env, 'PWD', 'OLDPWD') as Json),
    ...secretsIn(readDocument(text, {}, () => true).data as Json),
    ...[...passwords, ...stated].map((value) => [value, redacted] as const),
    ...variablesIn(text),
  ]);
}

/** A log with an event of JSON on each line. */
function redactLines(log: string, known: KnownSecrets): string {
  return log
    .split('\n')
    .map((line) => {
      try {
        return line === '' ? '' : JSON.stringify(redactJson(JSON.parse(line) as Json, known));
      } catch {
        return redactText(line, known);
      }
    })
    .join('\n');
}

function whyOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
