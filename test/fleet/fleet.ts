import { createHash } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Desire } from '../../src/desire/context.ts';
import type { Cluster, Host } from '../../src/model/cluster.ts';
import { assumedFacts } from '../../src/model/facts.ts';
import { desiredOn } from '../../src/plan/desired.ts';
import type { PlanScope } from '../../src/plan/scope.ts';
import type { Resource } from '../../src/resource/types.ts';
import { fleetAddress } from './inventory.ts';
import { answersOf, inspectionOf } from './answers.ts';

/** One of many hosts that exist only as an SSH server. */
export interface FleetHost {
  readonly host: Host;
  /** Fresh: nothing of kboot is there. A session that takes steps installs everything. */
  installed: boolean;
  /** Refuses to answer: its connections stay silent. */
  dead: boolean;
  /** Each answer takes so much longer. */
  delayMs: number;
  /** Sessions that a step fails in. */
  fails: boolean;
  connections: number;
  /** Commands since the last `forget`. */
  execs: number;
  /** Steps since then. */
  steps: number;
  /** SHA-256 of the files that it was sent, by path. */
  readonly received: Map<string, string>;
}

export interface Fleet {
  readonly port: number;
  /** `TYPE BASE64` */
  readonly hostKey: string;
  readonly hosts: ReadonlyMap<string, FleetHost>;
  /** Sets counts to zero. */
  forget(): void;
  /** Ends the connections of these hosts. */
  drop(names: readonly string[]): void;
  stop(): void;
}

/**
 * The hosts of a cluster as one SSH server in this process: the address that a client connects to says which host answers.
 * Answers kboot's probe, sessions and locks through stage runtime, with canned output made of the desired resources.
 */
export async function startFleet(
  cluster: Cluster,
  { desire, clusterId }: { readonly desire: Desire; readonly clusterId: string },
): Promise<Fleet> {
  const keys = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const hosts = new Map(cluster.hosts.map((host) => [host.name, newHost(host)]));
  const byAddress = new Map(
    cluster.hosts.map(({ name }, index) => [fleetAddress(index), hosts.get(name)] as const),
  );
  const clients = new Map<Connection, string>();
  const server = new ssh2.Server({ hostKeys: [keys.private] }, (client) => {
    const { localAddress = '' } = (client as unknown as { _sock: Socket })._sock;
    const host = byAddress.get(localAddress.replace('::ffff:', ''));
    clients.set(client, host?.host.name ?? '');
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    if (host === undefined) {
      client.end();
      return;
    }
    host.connections++;
    client.on('authentication', (context) => {
      if (!host.dead) context.accept();
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        host.execs++;
        const channel = acceptExec();
        channel.on('error', () => undefined);
        void sleep(host.delayMs).then(() => {
          exec(host, command, channel, clusterId, () => desiredOn(desire, scope, host.host, assumedFacts));
        });
      });
    });
  });
  await new Promise<void>((done) => {
    server.listen(0, '0.0.0.0', done);
  });
  return {
    port: (server.address() as AddressInfo).port,
    hostKey: keys.public.split(' ').slice(0, 2).join(' '),
    hosts,
    forget() {
      for (const host of hosts.values()) Object.assign(host, { execs: 0, steps: 0, connections: 0 });
    },
    drop(names) {
      for (const [client, name] of clients) if (names.includes(name)) client.end();
    },
    stop() {
      server.close();
      for (const client of clients.keys()) client.end();
    },
  };
}

const scope: PlanScope = { until: 'runtime', limit: [], ignore: [] };

const newHost = (host: Host): FleetHost => ({
  ...{ host, installed: false, dead: false, delayMs: 0, fails: false, connections: 0, execs: 0, steps: 0 },
  received: new Map(),
});

/** What the shell prints first: kboot waits for its mark on both streams. */
function exec(
  host: FleetHost,
  command: string,
  channel: ServerChannel,
  clusterId: string,
  resources: () => readonly Resource[],
): void {
  const mark = /echo (kboot-[0-9a-f]+);/.exec(command)?.[1] ?? '';
  channel.write(`${mark}\n`);
  channel.stderr.write(`${mark}\n`);
  const end = (): void => {
    channel.exit(0);
    channel.end();
  };
  if (command.includes('c=$(echo ')) takeProgram(host, channel, end);
  else {
    let script = '';
    channel.on('data', (chunk: Buffer) => {
      script += chunk.toString('latin1');
    });
    channel.on('end', () => {
      void sleep(host.delayMs).then(() => {
        channel.write(probed(host, script, clusterId, resources()));
        end();
      });
    });
  }
}

/** The sections that the script of a probe asks for. */
function probed(host: FleetHost, script: string, clusterId: string, resources: readonly Resource[]): string {
  const answers = new Map([
    ['inspection', inspectionOf(host.host, host.installed ? clusterId : '')],
    ...answersOf(resources, host.installed, host.received),
  ]);
  return [...script.matchAll(/echo "@(\w+) begin (\S+)"/g)]
    .map(([, nonce = '', name = '']) => {
      const text = answers.get(name) ?? '';
      return `@${nonce} begin ${name}\n${text}${text === '' ? '' : '\n'}@${nonce} end ${name} 0\n`;
    })
    .join('');
}

/** A program comes as its length, a line, and itself; then its input. */
function takeProgram(host: FleetHost, channel: ServerChannel, end: () => void): void {
  let buffer = Buffer.alloc(0);
  let program: string | undefined;
  let pending:
    | { readonly id: string; readonly size: number; readonly script: number; readonly path: string }
    | undefined;
  let failed = false;
  const nonce = (): string => /@([0-9a-f]{24})/.exec(program ?? '')?.[1] ?? '';
  const say = (words: string): void => {
    channel.write(`@${nonce()} ${words}\n`);
  };
  channel.on('data', (chunk: Buffer) => {
    buffer = Buffer.concat([buffer, chunk]);
    while (advance());
  });
  channel.on('end', end);

  function advance(): boolean {
    if (pending !== undefined) return step(pending);
    const newline = buffer.indexOf(10);
    if (newline < 0) return false;
    const line = buffer.subarray(0, newline).toString();
    if (program === undefined) {
      const length = Number(line);
      if (buffer.length < newline + 1 + length) return false;
      program = buffer.subarray(newline + 1, newline + 1 + length).toString();
      buffer = buffer.subarray(newline + 1 + length);
      if (program.includes('payloadPath')) say('ready');
      return true;
    }
    buffer = buffer.subarray(newline + 1);
    const [verb = '', id = '', script = '0', size = '0', , path = '-'] = line.split(' ');
    if (verb === 'step') pending = { id, script: Number(script), size: Number(size), path };
    else if (verb === 'take') say('taken 999999 - - -');
    else say(verb === 'beat' ? 'beat' : 'dropped');
    return true;
  }

  function step({ id, script, size, path }: NonNullable<typeof pending>): boolean {
    if (buffer.length < script + size) return false;
    const payload = buffer.subarray(script, script + size);
    buffer = buffer.subarray(script + size);
    pending = undefined;
    if (failed) {
      say(`skip ${id}`);
      return true;
    }
    host.steps++;
    const target = path.replace('.kboot~', '');
    if (path !== '-') host.received.set(target, createHash('sha256').update(payload).digest('hex'));
    say(`start ${id}`);
    failed = host.fails;
    host.installed ||= !failed;
    void sleep(host.delayMs).then(() => {
      const output = failed ? 'it fails here' : '';
      channel.write(`@${nonce()} done ${id} ${failed ? 1 : 0} ${output.length}\n${output}\n`);
    });
    return true;
  }
}
