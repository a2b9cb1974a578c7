import https from 'node:https';
import { setTimeout } from 'node:timers/promises';

// Runs inside a lab's bridge namespace: servers-client.ts ADDRESS...; asks each API server for /readyz every 200 ms, over a
// new connection, until its standard input ends; then prints a ServersWatched.

/** What clients saw of API servers, each by itself. */
export interface ServersWatched {
  /** How many did not answer 200 at the same time, at most. */
  readonly mostDown: number;
  /** When each was not ready: `10.0.0.11 12.4-31.0`, in seconds. */
  readonly down: readonly string[];
}

const addresses = process.argv.slice(2);
const begun = Date.now();
const downSince = new Map<string, number>();
const down: string[] = [];
let mostDown = 0;
let told = false;

const seconds = (at: number): string => ((at - begun) / 1000).toFixed(1);

function isReady(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host, port: 6443, path: '/readyz', rejectUnauthorized: false, agent: false };
    const request = https.get({ ...options, timeout: 5000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', () => {
      resolve(false);
    });
  });
}

async function watch(address: string): Promise<never> {
  for (;;) {
    if (await isReady(address)) {
      const since = downSince.get(address);
      if (since !== undefined) down.push(`${address} ${seconds(since)}-${seconds(Date.now())}`);
      downSince.delete(address);
      if (!told && downSince.size === 0) {
        told = true;
        process.stdout.write('ready\n');
      }
    } else if (!downSince.has(address)) {
      downSince.set(address, Date.now());
      mostDown = Math.max(mostDown, downSince.size);
    }
    await setTimeout(200);
  }
}

for (const address of addresses) void watch(address);

process.stdin.resume().on('end', () => {
  const still = [...downSince].map(([address, since]) => `${address} ${seconds(since)}-`);
  const watched: ServersWatched = { mostDown, down: [...down, ...still] };
  process.stdout.write(`${JSON.stringify(watched)}\n`, () => process.exit());
});
