import type { KubeClient, KubeCredentials } from '../kube/client.ts';
import type { Reader } from '../transport/types.ts';
import { isNode } from '../model/cluster.ts';
import { askAll, askOptions, type AskTools } from './ask.ts';
import { makeChecks, type DnsCheck, type Services } from './checks.ts';
import { removeLeftovers, removeNamespace } from './namespace.ts';
import { readNodes } from './nodes.ts';
import { applyAll, clientObjects, serverObjects, type VerifyTexts } from './objects.ts';
import { everyPairUpTo, sampledPeers } from './pairs.ts';
import { waitForPods, type PodState } from './pods.ts';
import { readServices, waitForLoadBalancer } from './services.ts';
import { connectHere } from './stream.ts';
import { thisMachine, type CheckResult, type VerifyNode, type VerifyReport } from './types.ts';

const podSeconds = 60;
const loadBalancerSeconds = 20;
const cleanupSeconds = 60;

export interface VerifyInput extends VerifyTexts {
  /** Requests are repeated when the connection is lost. */
  readonly kube: KubeClient;
  readonly readers: ReadonlyMap<string, Reader>;
  readonly credentials: KubeCredentials;
  readonly concurrency: number;
  /** Aborted: nothing further is asked, the namespace is removed. */
  readonly signal: AbortSignal;
  onResult(result: CheckResult): void;
  /** What is going on, for people who wait. */
  onProgress(text: string): void;
}

/**
 * Puts Pods and Services into a namespace of their own, sends traffic over them, and removes the namespace again,
 * whatever happened. Throws KbootError E-KUBE-API when the API refuses something; a question without its answer
 * is a result.
 */
export async function verifyCluster(input: VerifyInput): Promise<VerifyReport> {
  const begun = Date.now();
  const { cluster, namespace, signal } = input;
  const results: CheckResult[] = [];
  const run: Run = {
    ...input,
    notes: [],
    take(result) {
      results.push(result);
      input.onResult(result);
    },
  };
  let nodes = 0;
  try {
    nodes = await sendTraffic(run);
  } finally {
    await cleanUp(run);
  }
  return {
    cluster: cluster.name,
    kubernetesVersion: cluster.kubernetesVersion,
    namespace,
    nodes,
    backend: cluster.networking.flannel.backend,
    results,
    notes: run.notes,
    interrupted: signal.aborted,
    seconds: (Date.now() - begun) / 1000,
  };
}

interface Run extends VerifyInput {
  readonly notes: string[];
  take(result: CheckResult): void;
}

/** Returns how many nodes the cluster has. */
async function sendTraffic(run: Run): Promise<number> {
  const { cluster, kube, namespace, readers, signal } = run;
  const states = await readNodes(kube, cluster);
  for (const state of states) if ('why' in state) run.take(notStarted(state.name, 'server', state.why, 0));
  const usable = states.filter((state) => 'address' in state);

  run.onProgress(`namespace ${namespace}`);
  await applyAll(kube, serverObjects(run));
  const old = await removeLeftovers(kube, namespace);
  if (old.length > 0) run.notes.push(`Removed what earlier runs left behind: ${old.join(', ')}.`);
  const [services, servers] = await Promise.all([
    servicesOf(
      run,
      states.map(({ name }) => name),
    ),
    startPods(
      run,
      'server',
      usable.map(({ name }) => name),
    ),
  ]);
  const started = usable.flatMap(({ name, address }) => {
    const server = servers.get(name);
    return server === undefined ? [] : [{ name, address, server }];
  });
  if (signal.aborted) return states.length;

  let nodes: readonly VerifyNode[] = [];
  if (started.length > 0) {
    await applyAll(kube, clientObjects(run, started, services));
    const clients = await startPods(
      run,
      'client',
      started.map(({ name }) => name),
    );
    nodes = started.map((node) => {
      const client = clients.get(node.name);
      return { ...node, ...(client !== undefined && { client }) };
    });
  }
  if (nodes.length > everyPairUpTo)
    run.notes.push(
      `With more than ${everyPairUpTo} nodes, Pods were asked in a sample: each node asked itself and ${sampledPeers} others.`,
    );
  await askEverything(run, nodes, services, new Set(readers.keys()));
  return states.length;
}

async function servicesOf(run: Run, backends: readonly string[]): Promise<Services> {
  const { cluster, kube, namespace, signal } = run;
  const services = { ...(await readServices(kube, namespace)), backends };
  if (cluster.metallb === undefined) return services;
  const loadBalancer = await waitForLoadBalancer(kube, namespace, loadBalancerSeconds * 1000, signal);
  if (loadBalancer === undefined && !signal.aborted)
    run.take({
      kind: 'load-balancer',
      from: thisMachine,
      to: 'Service load-balancer',
      asked: 'an address for a Service of type LoadBalancer',
      ok: false,
      milliseconds: loadBalancerSeconds * 1000,
      attempts: 1,
      why: `MetalLB gave it no address in ${loadBalancerSeconds} s`,
    });
  return { ...services, loadBalancer };
}

/** Addresses of the Ready Pods by node; each Pod is a result. */
async function startPods(
  run: Run,
  app: string,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const begun = Date.now();
  let seen = -1;
  const pods: ReadonlyMap<string, PodState> = await waitForPods(
    run.kube,
    { namespace: run.namespace, app, nodes, timeoutMs: podSeconds * 1000 },
    run.signal,
    (ready) => {
      if (ready !== seen) run.onProgress(`${app} Pods: ${ready} of ${nodes.length} Ready`);
      seen = ready;
    },
  );
  const milliseconds = Date.now() - begun;
  const addresses = new Map<string, string>();
  for (const [node, pod] of pods) {
    if ('address' in pod) addresses.set(node, pod.address);
    if (run.signal.aborted) continue;
    if ('why' in pod) run.take(notStarted(node, app, pod.why, milliseconds));
    else run.take({ ...startOf(node, app, milliseconds), ok: true });
  }
  return addresses;
}

function startOf(node: string, app: string, milliseconds: number): Omit<CheckResult, 'ok'> {
  const asked = `a Ready Pod of DaemonSet ${app} on ${node} in ${podSeconds} s`;
  return { kind: 'start', from: node, to: `${app} Pod`, asked, milliseconds, attempts: 1 };
}

function notStarted(node: string, app: string, why: string, milliseconds: number): CheckResult {
  return { ...startOf(node, app, milliseconds), ok: false, why };
}

async function askEverything(
  run: Run,
  nodes: readonly VerifyNode[],
  services: Services,
  connected: ReadonlySet<string>,
): Promise<void> {
  const { cluster, readers, credentials, signal } = run;
  const checks = makeChecks(cluster, nodes, services, connected);
  run.onProgress(`${checks.length} questions`);
  const tools: AskTools = {
    credentials,
    open(via, address, port) {
      if (via === undefined) return connectHere(address, port);
      const reader = readers.get(via);
      return reader === undefined
        ? Promise.reject(new Error(`${via} is not connected`))
        : reader.forward(address, port);
    },
  };
  const options = { ...askOptions, concurrency: Math.min(askOptions.concurrency, run.concurrency) };
  const explain = async (result: CheckResult): Promise<CheckResult> => {
    const check = checks.find((each): each is DnsCheck => each.kind === 'load-balancer');
    if (check === undefined || result.ok || result.kind !== 'load-balancer') return result;
    return { ...result, why: `${result.why ?? ''}; ${await seenFromHost(run, check, tools)}` };
  };
  const late: CheckResult[] = [];
  await askAll(
    checks,
    tools,
    signal,
    (result) => {
      // Its reason grows by what a host sees; everything else is told at once.
      if (result.kind === 'load-balancer' && !result.ok) late.push(result);
      else run.take(result);
    },
    options,
  );
  for (const result of late) run.take(await explain(result));
}

/** Whether the address answers inside, which tells MetalLB's announcement and the way from here apart. */
async function seenFromHost(run: Run, check: DnsCheck, tools: AskTools): Promise<string> {
  const names = run.cluster.hosts.filter(({ name }) => run.readers.has(name));
  const host = names.find((each) => !isNode(each)) ?? names[0];
  if (host === undefined) return 'no host could be asked instead';
  const inside = { ...check, from: host.name, via: host.name };
  const [result] = await askAll([inside], tools, run.signal, () => undefined, { ...askOptions, attempts: 1 });
  const which = isNode(host) ? `the node ${host.name}` : `the host ${host.name} (no node)`;
  return result?.ok === true
    ? `not reachable from this machine, but ${which} gets the answer`
    : `${which} gets none either: ${result?.why ?? 'not asked'}`;
}

async function cleanUp(run: Run): Promise<void> {
  const { kube, namespace } = run;
  const begun = Date.now();
  run.onProgress(`removing namespace ${namespace}`);
  let why: string | undefined;
  try {
    if (!(await removeNamespace(kube, namespace, cleanupSeconds * 1000)))
      why = `it is still there after ${cleanupSeconds} s`;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  run.take({
    kind: 'cleanup',
    from: thisMachine,
    to: `Namespace ${namespace}`,
    asked: `Namespace ${namespace} gone in ${cleanupSeconds} s`,
    ok: why === undefined,
    milliseconds: Date.now() - begun,
    attempts: 1,
    ...(why !== undefined && { why }),
  });
}
