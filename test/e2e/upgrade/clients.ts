import { apiAsker } from '../api-ask.ts';
import { request } from 'node:http';
import { connect } from 'node:net';

// Runs inside a lab's bridge namespace: clients.ts JSON, the JSON being a ClientsOrder. Until its standard input ends it
// - requests /readyz through the control-plane endpoint every 100 ms, each over a new connection;
// - requests the Service every 100 ms, each over a new connection;
// - writes a ConfigMap into the namespace drill every second;
// - asks every API server for its version, every etcd member for a connection, and the API for all Nodes, every second.
// Then it prints a ClientsReport.

/** What the clients of one upgrade ask. */
export interface ClientsOrder {
  readonly kubeconfig: string;
  /** URL of a Service; absent: no Service is asked. */
  readonly service?: string;
  /** URL of each control plane's own API server, by host. */
  readonly servers: Readonly<Record<string, string>>;
  /** Address of each etcd member, by host. */
  readonly members: Readonly<Record<string, string>>;
}

/** One state of the cluster, as clients saw it; `ms` since the first answer. */
export interface VersionSample {
  readonly ms: number;
  /** Version that each API server serves; '' while it does not answer. */
  readonly servers: Readonly<Record<string, string>>;
  readonly kubelets: Readonly<Record<string, string>>;
  /** Hosts whose etcd member takes no connection. */
  readonly membersDown: readonly string[];
  readonly cordoned: readonly string[];
  readonly notReady: readonly string[];
}

/** The observations of the clients. */
export interface ClientsReport {
  readonly api: { readonly answered: number; readonly failed: number; readonly longestGapMs: number };
  readonly service: {
    readonly answered: number;
    /** Each request without a 200: when, and why. */
    readonly lost: readonly { readonly ms: number; readonly why: string }[];
    readonly longestGapMs: number;
  };
  readonly acknowledged: readonly string[];
  readonly refusedWrites: number;
  /** The longest time by which a client's own timer was late: gaps are not shorter than what this machine lacks. */
  readonly lateMs: number;
  /** Distinct states in order; equal successive ones are listed once. */
  readonly samples: readonly VersionSample[];
}

interface Node {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly unschedulable?: boolean };
  readonly status: {
    readonly nodeInfo: { readonly kubeletVersion: string };
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

const order = JSON.parse(process.argv[2] ?? '') as ClientsOrder;
const { ask } = apiAsker(order.kubeconfig);
const failed = { status: 0, text: '' };
const serviceTimeoutMs = 5000;

let begun = 0;
const since = (): number => (begun === 0 ? 0 : Date.now() - begun);

/** The longest time between two answers. */
function gaps(): { answer(): void; longest(): number } {
  let last = 0;
  let longest = 0;
  const upToNow = (): number => (last === 0 ? 0 : Date.now() - last);
  return {
    answer() {
      longest = Math.max(longest, upToNow());
      last = Date.now();
    },
    longest: () => Math.max(longest, upToNow()),
  };
}

const api = { answered: 0, failed: 0, gaps: gaps() };
const service = { answered: 0, lost: [] as { ms: number; why: string }[], gaps: gaps() };

/** The clients count from the moment at which both have had an answer. */
function first(): void {
  if (begun !== 0 || api.answered === 0 || (order.service !== undefined && service.answered === 0)) return;
  begun = Date.now();
  api.failed = 0;
  service.lost.length = 0;
  process.stdout.write('ready\n');
}

async function askApi(): Promise<void> {
  const { status } = await ask('GET', '/readyz').catch(() => failed);
  if (status !== 200) {
    api.failed++;
    return;
  }
  api.gaps.answer();
  api.answered++;
  first();
}

function askService(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: false, timeout: serviceTimeoutMs }, (answer) => {
      answer
        .resume()
        .on('error', reject)
        .on('end', () => {
          resolve(answer.statusCode ?? 0);
        });
    });
    sent.on('timeout', () => sent.destroy(new Error(`no answer within ${serviceTimeoutMs / 1000} s`)));
    sent.on('error', reject).end();
  });
}

async function countService(url: string): Promise<void> {
  const ms = since();
  try {
    const status = await askService(url);
    if (status !== 200) throw new Error(`status ${status}`);
    service.gaps.answer();
    service.answered++;
    first();
  } catch (error) {
    service.lost.push({ ms, why: error instanceof Error ? error.message : String(error) });
  }
}

const acknowledged: string[] = [];
let writes = 0;
let refusedWrites = 0;
async function write(): Promise<void> {
  const name = `write-${process.pid}-${writes++}`;
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
  const { status } = await ask('POST', '/api/v1/namespaces/drill/configmaps', object).catch(() => failed);
  if (status === 201) acknowledged.push(name);
  else refusedWrites++;
}

const samples: VersionSample[] = [];
let sampling = false;
async function sample(): Promise<void> {
  if (sampling) return;
  sampling = true;
  // Versions of API servers first: a kubelet that is newer than what was read before it is newer than what it meets.
  const servers = await Promise.all(
    Object.entries(order.servers).map(async ([host, url]) => {
      const { status, text } = await ask('GET', '/version', undefined, url).catch(() => failed);
      const { gitVersion } =
        status === 200 ? (JSON.parse(text) as { gitVersion: string }) : { gitVersion: '' };
      return [host, gitVersion] as const;
    }),
  );
  const members = await Promise.all(
    Object.entries(order.members).map(async ([host, address]) => ((await accepts(address)) ? [] : [host])),
  );
  const { status, text } = await ask('GET', '/api/v1/nodes').catch(() => failed);
  if (status === 200) {
    const { items } = JSON.parse(text) as { items: readonly Node[] };
    add(Object.fromEntries(servers), members.flat(), items);
  }
  sampling = false;
}

/** Whether an etcd member takes a connection. */
function accepts(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port: 2379, timeout: 2000 });
    const end = (result: boolean) => (): void => {
      socket.destroy();
      resolve(result);
    };
    socket.on('connect', end(true)).on('error', end(false)).on('timeout', end(false));
  });
}

function add(
  servers: Readonly<Record<string, string>>,
  membersDown: readonly string[],
  nodes: readonly Node[],
): void {
  const names = (which: (node: Node) => boolean): readonly string[] =>
    nodes.filter(which).map(({ metadata }) => metadata.name);
  const seen = {
    servers,
    kubelets: Object.fromEntries(
      nodes.map(({ metadata, status }) => [metadata.name, status.nodeInfo.kubeletVersion]),
    ),
    membersDown,
    cordoned: names(({ spec }) => spec.unschedulable === true),
    notReady: names(
      ({ status }) => status.conditions?.find(({ type }) => type === 'Ready')?.status !== 'True',
    ),
  };
  const last = samples.at(-1);
  if (last === undefined || JSON.stringify({ ...last, ms: 0 }) !== JSON.stringify({ ms: 0, ...seen }))
    samples.push({ ms: since(), ...seen });
}

let lateMs = 0;
let due = 0;
function tick(): void {
  const now = Date.now();
  if (due !== 0 && begun !== 0) lateMs = Math.max(lateMs, now - due);
  due = now + 100;
  void askApi();
}

const url = order.service;
setInterval(tick, 100);
if (url !== undefined) setInterval(() => void countService(url), 100);
setInterval(() => void write(), 1000);
setInterval(() => void sample(), 1000);

process.stdin.resume().on('end', () => {
  const report: ClientsReport = {
    api: { answered: api.answered, failed: api.failed, longestGapMs: api.gaps.longest() },
    service: { answered: service.answered, lost: service.lost, longestGapMs: service.gaps.longest() },
    acknowledged,
    refusedWrites,
    lateMs,
    samples,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit());
});
