import type { KubeClient, KubeCredentials } from '../kube/client.ts';
import type { Reader } from '../transport/types.ts';
import { familyName, type Family } from '../inventory/address.ts';
import { isNode } from '../model/cluster.ts';
import { askAll, askOptions, type AskTools } from './ask.ts';
import { makeChecks, type DnsCheck, type Services } from './checks.ts';
import { byFamily, familiesOf, loadBalancerFamilies, type Addresses } from './family.ts';
import { removeLeftovers, removeNamespace } from './namespace.ts';
import { readNodes } from './nodes.ts';
import { applyAll, clientObjects, serverObjects, type VerifyTexts } from './objects.ts';
import { everyPairUpTo, sampledPeers } from './pairs.ts';
import { outsidePodNetwork, strayPods, whyStray, type StrayPod } from './pod-network.ts';
import { waitForPods, type PodState } from './pods.ts';
import { unapprovedServing } from './serving-certificates.ts';
import { loadBalancerName, readServices, waitForLoadBalancer } from './services.ts';
import { connectHere } from './stream.ts';
import { thisMachine, type CheckResult, type VerifyNode, type VerifyReport } from './types.ts';

const podSeconds = 60;
const loadBalancerSeconds = 20;
const cleanupSeconds = 60;

export interface VerifyInput extends VerifyTexts {
  /** Repeats requests when the connection is lost. */
  readonly kube: KubeClient;
  readonly readers: ReadonlyMap<string, Reader>;
  readonly credentials: KubeCredentials;
  readonly concurrency: number;
  /** Aborted: no further check is run, the namespace is removed. */
  readonly signal: AbortSignal;
  onResult(result: CheckResult): void;
  /** Reports progress to the user. */
  onProgress(text: string): void;
}

/**
 * Creates Pods and Services in their own namespace, sends traffic through them, and always removes the namespace
 * again. Throws KbootError E-KUBE-API if the API refuses a request; a failed check is a result.
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
    backend: cluster.networking.flannel?.backend ?? 'none',
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

/** Returns the number of nodes in the cluster. */
async function sendTraffic(run: Run): Promise<number> {
  const { cluster, kube, namespace, readers, signal } = run;
  const states = await readNodes(kube, cluster);
  for (const state of states) if ('why' in state) run.take(notStarted(state.name, 'server', state.why, 0));
  const usable = states.filter((state) => 'addresses' in state);
  for (const { name, addresses } of usable)
    for (const family of missingOf(run, addresses)) run.take(noNodeAddress(name, family, addresses));
  for (const result of await unapprovedServing(
    kube,
    states.map(({ name }) => name),
  ))
    run.take(result);
  for (const pod of await strayPods(kube, cluster)) run.take(strayResult(run, pod));

  run.onProgress(`namespace ${namespace}`);
  await applyAll(kube, serverObjects(run));
  const old = await removeLeftovers(kube, namespace);
  if (old.length > 0) run.notes.push(`Removed namespaces left behind by earlier runs: ${old.join(', ')}.`);
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
  const started = usable.flatMap((node) => {
    const own = servers.get(node.name);
    return own === undefined ? [] : [{ ...node, servers: own }];
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
      const { 4: four, 6: six } = clients.get(node.name) ?? {};
      const client = four ?? six;
      return { ...node, ...(client !== undefined && { client }) };
    });
  }
  if (nodes.length > everyPairUpTo)
    run.notes.push(
      `With more than ${everyPairUpTo} nodes, only a sample of pairs was tested: each node with itself and ${sampledPeers} others.`,
    );
  await askEverything(run, nodes, services, new Set(readers.keys()));
  return states.length;
}

async function servicesOf(run: Run, backends: readonly string[]): Promise<Services> {
  const { cluster, kube, namespace, signal } = run;
  const services = await readServices(kube, namespace);
  const given = await Promise.all(
    loadBalancerFamilies(cluster).map(async (family) => {
      const address = await waitForLoadBalancer(kube, namespace, family, loadBalancerSeconds * 1000, signal);
      if (address === undefined && !signal.aborted) run.take(noAddress(family));
      return address;
    }),
  );
  return {
    ...services,
    backends,
    loadBalancers: byFamily(given.filter((address) => address !== undefined)),
  };
}

function noAddress(family: Family): CheckResult {
  return {
    kind: 'load-balancer',
    from: thisMachine,
    to: `Service ${loadBalancerName(family)}`,
    asked: `an ${familyName(family)} address for a Service of type LoadBalancer`,
    family,
    ok: false,
    milliseconds: loadBalancerSeconds * 1000,
    attempts: 1,
    why: `MetalLB assigned no address in ${loadBalancerSeconds} s`,
  };
}

/** Families of the cluster that `addresses` does not include. */
function missingOf({ cluster }: Run, addresses: Addresses): readonly Family[] {
  return familiesOf(cluster).filter((family) => addresses[family] === undefined);
}

/** Addresses of the Ready Pods by node; reports a result for each Pod. */
async function startPods(
  run: Run,
  app: string,
  nodes: readonly string[],
): Promise<ReadonlyMap<string, Addresses>> {
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
  const found = new Map<string, Addresses>();
  for (const [node, pod] of pods) {
    if ('addresses' in pod) found.set(node, pod.addresses);
    if (run.signal.aborted) continue;
    const why = 'why' in pod ? pod.why : lacking(run, pod.addresses);
    if (why !== undefined) run.take(notStarted(node, app, why, milliseconds));
    else run.take({ ...startOf(node, app, milliseconds), ok: true });
  }
  return found;
}

/** What is wrong with a Pod's addresses: outside the Pod network, or a family is missing; undefined: nothing. */
function lacking(run: Run, addresses: Addresses): string | undefined {
  const outside = outsidePodNetwork(run.cluster, Object.values(addresses));
  if (outside.length > 0) return whyStray(run.cluster, outside);
  const names = missingOf(run, addresses).map(familyName);
  return names.length === 0
    ? undefined
    : `it is Ready, but has no ${names.join(' or ')} address, only ${Object.values(addresses).join()}`;
}

function strayResult({ cluster }: Run, { name, node, addresses }: StrayPod): CheckResult {
  return {
    kind: 'start',
    from: node,
    to: `Pod ${name}`,
    asked: `that Pod ${name} on ${node} has addresses of the Pod network`,
    ok: false,
    milliseconds: 0,
    attempts: 1,
    why: whyStray(cluster, addresses),
  };
}

function startOf(node: string, app: string, milliseconds: number): Omit<CheckResult, 'ok'> {
  const asked = `a Ready Pod of DaemonSet ${app} on ${node} in ${podSeconds} s`;
  return { kind: 'start', from: node, to: `${app} Pod`, asked, milliseconds, attempts: 1 };
}

function notStarted(node: string, app: string, why: string, milliseconds: number): CheckResult {
  return { ...startOf(node, app, milliseconds), ok: false, why };
}

function noNodeAddress(node: string, family: Family, addresses: Addresses): CheckResult {
  const name = familyName(family);
  return {
    kind: 'start',
    from: node,
    to: `${name} node address`,
    asked: `an ${name} InternalIP of Node ${node}`,
    ok: false,
    milliseconds: 0,
    attempts: 1,
    why: `the Node has only ${Object.values(addresses).join()}; its kubelet's --node-ip must include one of each family`,
  };
}

async function askEverything(
  run: Run,
  nodes: readonly VerifyNode[],
  services: Services,
  connected: ReadonlySet<string>,
): Promise<void> {
  const { cluster, readers, credentials, signal } = run;
  const checks = makeChecks(cluster, nodes, services, connected);
  run.onProgress(`${checks.length} checks`);
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
    const check = checks.find(
      (each): each is DnsCheck => each.kind === 'load-balancer' && each.family === result.family,
    );
    if (check === undefined || result.ok || result.kind !== 'load-balancer') return result;
    return { ...result, why: `${result.why ?? ''}; ${await seenFromHost(run, check, tools)}` };
  };
  const late: CheckResult[] = [];
  await askAll(
    checks,
    tools,
    signal,
    (result) => {
      // Its reason is completed by the result from a host; all other results are reported at once.
      if (result.kind === 'load-balancer' && !result.ok) late.push(result);
      else run.take(result);
    },
    options,
  );
  for (const result of late) run.take(await explain(result));
}

/** Whether a host can reach the address: separates a failure of MetalLB's announcement from one of the route from here. */
async function seenFromHost(run: Run, check: DnsCheck, tools: AskTools): Promise<string> {
  const names = run.cluster.hosts.filter(({ name }) => run.readers.has(name));
  const host = names.find((each) => !isNode(each)) ?? names[0];
  if (host === undefined) return 'no host was available to check from';
  const inside = { ...check, from: host.name, via: host.name };
  const [result] = await askAll([inside], tools, run.signal, () => undefined, { ...askOptions, attempts: 1 });
  const which = isNode(host) ? `the node ${host.name}` : `the host ${host.name} (not a node)`;
  return result?.ok === true
    ? `not reachable from this machine, but ${which} gets the answer`
    : `${which} gets no answer either: ${result?.why ?? 'not tried'}`;
}

async function cleanUp(run: Run): Promise<void> {
  const { kube, namespace } = run;
  const begun = Date.now();
  run.onProgress(`removing namespace ${namespace}`);
  let why: string | undefined;
  try {
    if (!(await removeNamespace(kube, namespace, cleanupSeconds * 1000)))
      why = `it still exists after ${cleanupSeconds} s`;
  } catch (error) {
    why = error instanceof Error ? error.message : String(error);
  }
  run.take({
    kind: 'cleanup',
    from: thisMachine,
    to: `Namespace ${namespace}`,
    asked: `that Namespace ${namespace} is gone within ${cleanupSeconds} s`,
    ok: why === undefined,
    milliseconds: Date.now() - begun,
    attempts: 1,
    ...(why !== undefined && { why }),
  });
}
