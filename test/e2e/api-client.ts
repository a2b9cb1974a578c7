import { apiAsker } from './api-ask.ts';

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

const { ask } = apiAsker(process.argv[2] ?? '');
const failed = { status: 0, text: '' };

let last = 0;
let longestGapMs = 0;
let answered = 0;
const acknowledged: string[] = [];

async function ready(): Promise<void> {
  const { status } = await ask('GET', '/readyz').catch(() => failed);
  if (status !== 200) return;
  const now = Date.now();
  if (last === 0) process.stdout.write('ready\n');
  else longestGapMs = Math.max(longestGapMs, now - last);
  last = now;
  answered++;
}

let number = 0;
async function write(): Promise<void> {
  const name = `write-${process.pid}-${number++}`;
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } };
  const { status } = await ask('POST', '/api/v1/namespaces/drill/configmaps', object).catch(() => failed);
  if (status === 201) acknowledged.push(name);
}

setInterval(() => void ready(), 100);
setInterval(() => void write(), 250);

process.stdin.resume().on('end', () => {
  longestGapMs = Math.max(longestGapMs, Date.now() - last);
  const watched: Watched = { longestGapMs, answered, acknowledged };
  process.stdout.write(`${JSON.stringify(watched)}\n`, () => process.exit());
});
