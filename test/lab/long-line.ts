import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Lab } from './lab.ts';
import { hostId } from './names.ts';
import { $, attempt } from './shell.ts';

/** What a line between an operator and the hosts is like; by default as if there was none. */
interface LineOptions {
  readonly roundTripMs?: number;
  /** In each direction. */
  readonly bitsPerSecond?: number;
  /** Of the packets of each direction. */
  readonly lossPercent?: number;
}

/** A place outside the hosts' network, from where all traffic to them takes a long line. */
export interface LongLine {
  /** The lab, used from there. */
  readonly lab: Lab;
  /**
   * Round trips of each connection since the last call, by the server's address and port: the longest chain of data that
   * answers data. To open the connection takes another one.
   */
  roundTrips(): Promise<ReadonlyMap<string, readonly number[]>>;
  end(): Promise<void>;
}

const device = 'line';
/** Bytes that wait for the line at most; a router's buffer. */
const queueBytes = 128 * 1024;

/**
 * Moves the operator to the far end of a line, which delays, limits and loses packets of all protocols as netem does. Needs
 * no kernel module, but TUN and perl. Traffic between hosts does not take it. Only IPv4. Ends with the lab.
 */
export async function longLine(lab: Lab, options: LineOptions = {}): Promise<LongLine> {
  const { roundTripMs = 0, bitsPerSecond = 0, lossPercent = 0 } = options;
  // No host's name has a dot.
  const away = hostId(lab.id, 'far.end');
  const address = lab.gateway.replace(/\d+$/, '254');
  const network = lab.gateway.replace(/\d+$/, '0/24');
  await $`ip netns add ${away}`;
  const [there, here] = [
    [`address add ${address}/32 dev ${device}`, `route add ${network} dev ${device}`],
    [`route add ${address}/32 dev ${device}`],
  ];
  for (const [namespace, lines] of [[away, there] as const, [lab.id, here] as const]) {
    const make = [`tuntap add dev ${device} mode tun`, `link set ${device} up`, ...lines];
    await $({ input: make.join('\n') })`ip -n ${namespace} -batch -`;
  }
  await $`${lab.inside(['sysctl', '-q', '-w', 'net.ipv4.ip_forward=1', 'net.ipv4.conf.lab0.proxy_arp=1'])}`;
  const script = new URL('./long-line.pl', import.meta.url).pathname;
  const argv = [device, lab.id, roundTripMs / 2, bitsPerSecond, lossPercent, queueBytes].map(String);
  const line = spawn('ip', ['netns', 'exec', away, 'perl', script, ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(line, 'exit');
  const lines = createInterface({ input: line.stdout })[Symbol.asyncIterator]();
  const end = async (): Promise<void> => {
    line.stdin.end();
    await ended;
    await attempt`ip netns delete ${away}`;
    await attempt`ip -n ${lab.id} link delete ${device}`;
  };
  if ((await lines.next()).done === true) {
    await end();
    throw new Error('the long line did not begin');
  }
  return {
    lab: lab.from(away),
    roundTrips: async () => {
      line.stdin.write('\n');
      const counts = new Map<string, readonly number[]>();
      for (;;) {
        const { value = '.' } = (await lines.next()) as { readonly value?: string };
        if (value === '.') return counts;
        const [server = '', count = ''] = value.split(' ');
        counts.set(server, [...(counts.get(server) ?? []), Number(count)]);
      }
    },
    end,
  };
}
