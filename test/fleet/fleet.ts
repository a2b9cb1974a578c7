import { connect, type AddressInfo, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import ssh2, { type Connection, type ServerChannel } from 'ssh2';
import type { Host } from '../../src/model/cluster.ts';
import type { Resource } from '../../src/resource/types.ts';
import { fleetAddress } from './inventory.ts';
import { answersOf } from './answers.ts';
import { encryptionOf, inspectionOf } from './inspection.ts';
import { takeProgram } from './program.ts';

/** One of many hosts that exist only as an SSH server. */
export interface FleetHost {
  readonly name: string;
  /** Fresh: nothing of kboot is there. A session that takes steps installs everything. */
  installed: boolean;
  /** Refuses to answer: its connections stay silent. */
  dead: boolean;
  /** Each answer takes so much longer. */
  delayMs: number;
  /** Its Node and Pods are Ready so long after steps have installed it. */
  readyAfterMs: number;
  /** Sessions that a step fails in. */
  fails: boolean;
  connections: number;
  /** Commands since the last `forget`. */
  execs: number;
  /** Those of them that take steps, and those that hold the lock of the cluster: all that write. */
  sessions: number;
  locks: number;
  /** Steps since then. */
  steps: number;
  /** SHA-256 of the files that it was sent, by path. */
  readonly received: Map<string, string>;
}

/** What the hosts of a fleet serve. */
export interface Served {
  readonly clusterId: string;
  readonly caPem: string;
  /** The file that says what API servers encrypt with. */
  readonly encryption: string;
  /** Whether an API server runs. */
  isServing(): boolean;
  host(name: string): Host;
  /** Everything that is desired on a host. */
  resources(host: Host): readonly Resource[];
  /** The client certificate of its kubelet. */
  kubeletPem(host: Host): string;
  /** A host is what it is to be. */
  installed(host: Host): void;
  /** Where a forwarded connection to a port of this host goes on this machine; undefined: nothing listens there. */
  listener(host: FleetHost, port: number): number | undefined;
}

export interface Fleet {
  readonly port: number;
  /** `TYPE BASE64` */
  readonly hostKey: string;
  readonly hosts: ReadonlyMap<string, FleetHost>;
  /** Before the first connection. */
  serve(served: Served): void;
  /** Sets counts to zero. */
  forget(): void;
  /** Ends the connections of these hosts. */
  drop(names: readonly string[]): void;
  stop(): void;
}

/**
 * The hosts of a cluster as one SSH server in this process: the address that a client connects to says which host answers.
 * Answers kboot's probe, sessions and locks, with canned output made of the desired resources.
 */
export async function startFleet(names: readonly string[]): Promise<Fleet> {
  const keys = ssh2.utils.generateKeyPairSync('ecdsa', { bits: 256 });
  const hosts = new Map(names.map((name) => [name, newHost(name)]));
  const byAddress = new Map(names.map((name, index) => [fleetAddress(index), hosts.get(name)]));
  const clients = new Map<Connection, string>();
  let served: Served | undefined;
  const server = new ssh2.Server({ hostKeys: [keys.private] }, (client) => {
    const { localAddress = '' } = (client as unknown as { _sock: Socket })._sock;
    const host = byAddress.get(localAddress.replace('::ffff:', ''));
    clients.set(client, host?.name ?? '');
    client.on('error', () => undefined);
    client.on('close', () => clients.delete(client));
    const serves = served;
    if (host === undefined || serves === undefined) {
      client.end();
      return;
    }
    host.connections++;
    client.on('authentication', (context) => {
      if (!host.dead) context.accept();
    });
    client.on('tcpip', (accept, reject, { destPort }) => {
      const port = serves.listener(host, destPort);
      if (port === undefined) {
        reject();
        return;
      }
      const socket = connect({ host: '127.0.0.1', port, noDelay: true });
      const channel = accept();
      pipeline(channel, socket, channel, () => undefined);
    });
    client.on('session', (accept) => {
      accept().on('exec', (acceptExec, _reject, { command }) => {
        host.execs++;
        const channel = acceptExec();
        channel.on('error', () => undefined);
        void sleep(host.delayMs).then(() => {
          exec(host, command, channel, serves);
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
    serve(given) {
      served = given;
    },
    forget() {
      const none = { execs: 0, sessions: 0, locks: 0, steps: 0, connections: 0 };
      for (const host of hosts.values()) Object.assign(host, none);
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

const newHost = (name: string): FleetHost => ({
  ...{ name, installed: false, dead: false, delayMs: 0, readyAfterMs: 0, fails: false },
  ...{ connections: 0, execs: 0, sessions: 0, locks: 0, steps: 0, received: new Map() },
});

/** What the shell prints first: kboot waits for its mark on both streams. */
function exec(host: FleetHost, command: string, channel: ServerChannel, served: Served): void {
  const mark = /echo (kboot-[0-9a-f]+);/.exec(command)?.[1] ?? '';
  channel.write(`${mark}\n`);
  channel.stderr.write(`${mark}\n`);
  const end = (): void => {
    channel.exit(0);
    channel.end();
  };
  if (command.includes('c=$(echo ')) takeProgram(host, channel, served, end);
  else {
    const script: string[] = [];
    channel.on('data', (chunk: Buffer) => {
      script.push(chunk.toString('latin1'));
    });
    channel.on('end', () => {
      void sleep(host.delayMs).then(() => {
        channel.write(probed(host, script.join(''), served));
        end();
      });
    });
  }
}

/** The sections that the script of a probe asks for. */
function probed({ name, installed, received }: FleetHost, script: string, served: Served): string {
  const { clusterId, caPem, encryption } = served;
  if (script.includes('echo end=1')) return encryptionOf(installed ? encryption : undefined);
  const host = served.host(name);
  const resources = served.resources(host);
  const present = { received, kubeletPem: served.kubeletPem(host) };
  const answers = new Map([
    ...inspectionOf(host, installed ? { resources, clusterId, caPem } : undefined, served.isServing()),
    ...answersOf(resources, installed ? present : undefined),
  ]);
  return [...script.matchAll(/echo "@(\w+) begin (\S+)"/g)]
    .map(([, nonce = '', section = '']) => {
      const text = answers.get(section) ?? '';
      return `@${nonce} begin ${section}\n${text}${text === '' ? '' : '\n'}@${nonce} end ${section} 0\n`;
    })
    .join('');
}
