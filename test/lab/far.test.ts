import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { stepLines } from './kboot.ts';
import type { KbootResult, Site } from './kboot.ts';
import { longLine } from './long-line.ts';
import { debianSite } from './three-hosts.ts';
import { output } from './traces.ts';

// An operator far from the hosts.

const hosts = [
  { name: 'cp-1', roles: ['control-plane'], address: '10.79.61.11' },
  { name: 'w-1', roles: ['worker'], address: '10.79.61.21' },
];
const runtime = ['--until', 'runtime'];

let site: Site;

beforeAll(async () => {
  site = await debianSite('far', hosts, { hosts });
  const made = await site.kboot('up', [...runtime, '--yes']);
  expect(made, made.stderr).toMatchObject({ exitCode: 0 });
});

afterAll(() => site.close());

/** Runs kboot over a line; and the round trips of each connection that it opened to a host. */
async function over(
  options: Parameters<typeof longLine>[1],
  verb: string,
  ...rest: string[]
): Promise<{ readonly result: KbootResult; readonly roundTrips: readonly number[] }> {
  const line = await longLine(site.lab, options);
  try {
    const result = await site.kboot(verb, [...runtime, ...rest], { from: line.lab });
    return { result, roundTrips: [...(await line.roundTrips()).values()].flat() };
  } finally {
    await line.end();
  }
}

/** Long, so that what a busy machine takes in between is not counted. */
const long = { roundTripMs: 300 };

test('a run with nothing to do takes ten round trips to each host', async () => {
  const { result, roundTrips } = await over(long, 'up', '--yes');
  expect(result.stdout, result.stderr).toContain('nothing to do');
  // Banner, two of the key exchange, three of the login; channel, shell, answer. Answers longer than a window take another one.
  expect(roundTrips).toHaveLength(hosts.length);
  expect(Math.max(...roundTrips)).toBeLessThanOrEqual(10);
});

test('a run that changes something takes twelve more', async () => {
  await output(site.lab, 'cp-1', 'echo "# by hand" >> /etc/crictl.yaml');
  const { result, roundTrips } = await over(long, 'up', '--yes', '-o', 'json');
  expect(stepLines(result), result.stderr).toEqual(['cp-1 update file /etc/crictl.yaml']);
  expect(Math.max(...roundTrips)).toBeLessThanOrEqual(22);
});

test('2 Mbit/s that loses 2 %: a run ends, and says what is on its way', async () => {
  const files = ['one', 'two', 'three'].map((name) => {
    writeFileSync(join(site.dir, name), randomBytes(1_500_000));
    return { path: `/srv/${name}`, source: name };
  });
  await site.write('site', { hosts, spec: { files } });
  const { result } = await over(
    { roundTripMs: 100, bitsPerSecond: 2e6, lossPercent: 2 },
    'up',
    '--yes',
    '--stats',
  );
  expect(result, result.stderr).toMatchObject({ exitCode: 0 });
  expect(result.stderr).toMatch(/^ +\d+\.\d s {2}.*\d MB of \d+\.\d MB sent, \d+ kB\/s/m);
  expect(await output(site.lab, 'w-1', 'cat /srv/one /srv/two /srv/three | wc -c')).toBe('4500000');
});
