import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { parse } from 'yaml';

// Runs inside a lab's bridge namespace: api-client.ts KUBECONFIG. Requests /readyz every 100 ms over a new connection and
// writes a ConfigMap into the namespace drill each 250 ms, until its standard input ends; then prints a Watched.

/** The observations of a client of the API. */
export interface Watched {
  /** The longest time without a response of 200 to /readyz, in milliseconds. */
  readonly longestGapMs: number;
  readonly answered: number;
  /** ConfigMaps whose creation the API acknowledged. */
  readonly acknowledged: readonly string[];
}

interface Kubeconfig {
  readonly clusters: readonly [
    { readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string } },
  ];
  readonly users: readonly [
    { readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string } },
  ];
}

const config = parse(readFileSync(process.argv[2] ?? '', 'utf8')) as Kubeconfig;
const { cluster } = config.clusters[0];
const { user } = config.users[0];
const tls = {
  ca: Buffer.from(cluster['certificate-authority-data'], 'base64'),
  cert: Buffer.from(user['client-certificate-data'], 'base64'),
  key: Buffer.from(user['client-key-data'], 'base64'),
};

let last = 0;
let longestGapMs = 0;
let answered = 0;
const acknowledged: string[] = [];

function ask(method: string, path: string, body: object | undefined, done: (status: number) => void): void {
  const agent = new Agent({ keepAlive: false });
  const sent = request(new URL(path, cluster.server), { ...tls, method, agent, timeout: 2000 }, (answer) => {
    answer.resume().on('end', () => {
      done(answer.statusCode ?? 0);
    });
  });
  sent.on('timeout', () => sent.destroy()).on('error', () => undefined);
  sent.setHeader('content-type', 'application/json');
  sent.end(body === undefined ? undefined : JSON.stringify(body));
}

setInterval(() => {
  ask('GET', '/readyz', undefined, (status) => {
    if (status !== 200) return;
    const now = Date.now();
    if (last === 0) process.stdout.write('ready\n');
    else longestGapMs = Math.max(longestGapMs, now - last);
    last = now;
    answered++;
  });
}, 100);

let number = 0;
setInterval(() => {
  const name = `write-${process.pid}-${number++}`;
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
  ask('POST', '/api/v1/namespaces/drill/configmaps', object, (status) => {
    if (status === 201) acknowledged.push(name);
  });
}, 250);

process.stdin.resume().on('end', () => {
  longestGapMs = Math.max(longestGapMs, Date.now() - last);
  const watched: Watched = { longestGapMs, answered, acknowledged };
  process.stdout.write(`${JSON.stringify(watched)}\n`, () => process.exit());
});
