import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { hostId } from './names.ts';
import type { LabAddress } from './names.ts';
import { $, attempt } from './shell.ts';

/** Where `ip netns` keeps named network namespaces. */
export const netnsDir = '/run/netns';

/** The settings of a lab's network. */
export interface LabNetwork {
  /** The lab's name on the machine; also that of the bridge's namespace. */
  readonly id: string;
  readonly gateway: LabAddress;
}

/** The argv that runs `argv` inside a network namespace. */
export function insideNamespace(name: string, argv: readonly string[]): readonly string[] {
  return ['ip', 'netns', 'exec', name, ...argv];
}

/** Creates the bridge in its own namespace; does nothing if it exists. Nothing is routed out of it. */
export async function ensureBridge({ id, gateway }: LabNetwork): Promise<void> {
  if (existsSync(join(netnsDir, id))) return;
  await $`ip netns add ${id}`;
  await setUpKernel(id, gateway);
  await batch(id, [
    'link set lo up',
    // Without its own address it has the lowest of its ports, which changes with every connected host.
    `link add lab0 address ${macOf(gateway)} type bridge stp_state 0 forward_delay 0`,
    `address add ${gateway.ipv4}/24 dev lab0`,
    ...(gateway.ipv6 === undefined ? [] : [`address add ${gateway.ipv6}/64 dev lab0 nodad`]),
    'link set lab0 up',
  ]);
}

/** Gives a host a new network namespace with eth0 in the lab's bridge, like a machine at power-on. */
export async function plug(network: LabNetwork, host: string, address: LabAddress): Promise<void> {
  const { gateway } = network;
  const namespace = hostId(network.id, host);
  await unplug(network.id, host);
  await $`ip netns add ${namespace}`;
  await setUpKernel(namespace, address);
  const port = portOf(address);
  await batch(network.id, [
    `link add ${port} type veth peer name eth0 address ${macOf(address)} netns ${namespace}`,
    `link set ${port} master lab0 up`,
  ]);
  await batch(namespace, [
    'link set lo up',
    `address add ${address.ipv4}/24 brd + dev eth0`,
    ...(address.ipv6 === undefined ? [] : [`address add ${address.ipv6}/64 dev eth0 nodad`]),
    'link set eth0 up',
    `route add default via ${gateway.ipv4}`,
    ...(gateway.ipv6 === undefined ? [] : [`route add default via ${gateway.ipv6}`]),
  ]);
}

/** Removes a host's network namespace with its bridge port. Does nothing if it does not exist. */
export async function unplug(id: string, host: string): Promise<void> {
  const namespace = hostId(id, host);
  if (!existsSync(join(netnsDir, namespace))) return;
  // The pair is removed with its namespace, but only after the last process in it exits: remove it by name.
  await attempt`ip -n ${namespace} link delete eth0`;
  await attempt`ip netns delete ${namespace}`;
}

/** Sets the bridge's side of a host's cable up or down; the host loses its carrier. */
export async function setCable(id: string, address: LabAddress, state: 'up' | 'down'): Promise<void> {
  await $`ip -n ${id} link set ${portOf(address)} ${state}`;
}

/** Delays each packet from the bridge to the host by `ms`, and drops `lossPercent` of them; 0 and 0 remove it. */
export async function delay(id: string, address: LabAddress, ms: number, lossPercent: number): Promise<void> {
  const port = portOf(address);
  await attempt`tc -n ${id} qdisc delete dev ${port} root`;
  if (ms === 0 && lossPercent === 0) return;
  const netem = `delay ${ms}ms loss ${lossPercent}% limit 100000`.split(' ');
  const result = await attempt`tc -n ${id} qdisc add dev ${port} root netem ${netem}`;
  if (result.stderr.includes('kind is unknown'))
    throw new Error("this machine's kernel has no netem (sch_netem)");
  if (result.exitCode !== 0) throw new Error(`tc: ${result.stderr}`);
}

/** Limits what a host sends and what it receives to so many bits per second each; 0 removes the limits. */
export async function limit(
  id: string,
  host: string,
  address: LabAddress,
  bitsPerSecond: number,
): Promise<void> {
  const ends = [
    [id, portOf(address)],
    [hostId(id, host), 'eth0'],
  ] as const;
  for (const [namespace, device] of ends) {
    await attempt`tc -n ${namespace} qdisc delete dev ${device} root`;
    if (bitsPerSecond === 0) continue;
    const bucket = `rate ${bitsPerSecond}bit burst 64kb latency 200ms`.split(' ');
    await $`tc -n ${namespace} qdisc add dev ${device} root tbf ${bucket}`;
  }
}

/** Whether this machine's kernel can delay packets; tested on the loopback of a lab's bridge namespace. */
export async function kernelHasNetem(id: string): Promise<boolean> {
  const added = await attempt`tc -n ${id} qdisc add dev lo root netem delay 1ms`;
  await attempt`tc -n ${id} qdisc delete dev lo root`;
  return added.exitCode === 0;
}

/** A host keeps its hardware address over a reboot; others may have it in their ARP caches. */
function macOf({ ipv4 }: LabAddress): string {
  const octets = ipv4.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
  return ['02', '6b', ...octets].join(':');
}

function portOf({ ipv4 }: LabAddress): string {
  return `port${ipv4.split('.')[3] ?? ''}`;
}

async function batch(namespace: string, lines: readonly string[]): Promise<void> {
  await $({ input: lines.join('\n') })`ip -n ${namespace} -batch -`;
}

/**
 * A new namespace may start with the machine's settings; a fresh host does not forward. In a dual-stack lab it has
 * IPv6, and addresses of new interfaces are usable at once: nobody else can have them.
 */
async function setUpKernel(namespace: string, { ipv6 }: LabAddress): Promise<void> {
  const dualStack = ['all', 'default'].flatMap((which) => [
    `net.ipv6.conf.${which}.disable_ipv6=0`,
    `net.ipv6.conf.${which}.accept_dad=0`,
    `net.ipv6.conf.${which}.forwarding=0`,
  ]);
  const settings = ['net.ipv4.ip_forward=0', ...(ipv6 === undefined ? [] : dualStack)];
  await $`ip netns exec ${namespace} sysctl -q -w ${settings}`;
}
