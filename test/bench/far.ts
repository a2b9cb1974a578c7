import { availableParallelism, loadavg } from 'node:os';
import { clusterSite, hasClusterBundle, type ClusterSite } from '../e2e/cluster.ts';
import { longLine } from '../lab/long-line.ts';
import { fanOut, sshToAll } from './fan-out.ts';
import { foundingHosts, foundingSpec, removeCluster } from './founding.ts';
import { say } from './hundred.ts';
import { median } from './measure.ts';
import { keepFigures, lastFigures, ratioToLast } from './record.ts';
import { aligned } from './table.ts';

const near = 0;
/** Round trip, in milliseconds. */
const far = 100;

/**
 * `npm run bench -- far [ROUNDS]`: three control planes and two workers whose files and images are in place, founded and then
 * asked again, by an operator at 100 ms and by one at 0 ms, in turn over the same relay. Throws without KBOOT_BUNDLE.
 */
export async function benchFar(rounds: number): Promise<void> {
  if (!hasClusterBundle) throw new Error('KBOOT_BUNDLE names no bundle with a kubelet');
  const site = await clusterSite('far-bench', foundingHosts, { spec: foundingSpec });
  try {
    await up(site, near, ['--until', 'runtime']);
    const founded = new Map<number, number[]>([near, far].map((ms) => [ms, []]));
    const again = new Map<number, number[]>([near, far].map((ms) => [ms, []]));
    const bare = new Map<number, number[]>([near, far].map((ms) => [ms, []]));
    for (let round = 0; round < rounds; round++)
      // Each is first in every other round.
      for (const ms of round % 2 === 0 ? [near, far] : [far, near]) {
        founded.get(ms)?.push(await up(site, ms));
        await up(site, ms);
        again.get(ms)?.push(await up(site, ms));
        bare.get(ms)?.push(await bareLogins(site, ms));
        const [first, second, logins] = [founded, again, bare].map((taken) =>
          taken.get(ms)?.at(-1)?.toFixed(1),
        );
        say(`${ms} ms: ${first} s, again ${second} s; bare logins ${logins} s`);
        await removeCluster(site);
      }
    show([
      ['fresh up, files and images in place', founded, '≤ 3 s slower'],
      ['up, nothing to do', again, '≤ 1 s slower'],
      [fanOut, bare, ''],
    ]);
  } finally {
    await site.close();
  }
}

type Taken = ReadonlyMap<number, readonly number[]>;

function show(measured: readonly (readonly [what: string, taken: Taken, target: string])[]): void {
  const last = lastFigures('far');
  const figures: Record<string, number> = {};
  const rows = measured.map(([what, taken, target]) => {
    const [here, there] = [median(taken.get(near) ?? []), median(taken.get(far) ?? [])];
    figures[what] = there;
    return [
      ...[what, here.toFixed(1), there.toFixed(1), (there - here).toFixed(1)],
      ...[ratioToLast(last, what, there), target],
    ];
  });
  keepFigures('far', figures);
  const head = ['median s', `${near} ms`, `${far} ms`, 'slower by', 'of last run', 'target'];
  say(
    `\n${aligned([head, ...rows], 5)}\n\n${availableParallelism()} cores, load ${loadavg()[0]?.toFixed(1) ?? '?'}`,
  );
}

/** Seconds that OpenSSH takes to log in to all hosts over a line: what a login costs, kboot cannot save. */
async function bareLogins(site: ClusterSite, roundTripMs: number): Promise<number> {
  const line = await longLine(site.lab, { roundTripMs });
  try {
    const begun = performance.now();
    await sshToAll(
      line.lab,
      foundingHosts.map(({ name }) => name),
    );
    return (performance.now() - begun) / 1000;
  } finally {
    await line.end();
  }
}

/** Seconds that `kboot up` takes over a line. Throws if it fails. */
async function up(site: ClusterSite, roundTripMs: number, args: readonly string[] = []): Promise<number> {
  const line = await longLine(site.lab, { roundTripMs });
  try {
    const begun = performance.now();
    const { exitCode, stderr, stdout } = await site.kboot('up', ['--yes', ...args], { from: line.lab });
    if (exitCode !== 0) throw new Error(`kboot up at ${roundTripMs} ms: ${stderr}${stdout.slice(-3000)}`);
    return (performance.now() - begun) / 1000;
  } finally {
    await line.end();
  }
}
