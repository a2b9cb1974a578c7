import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledKboot } from '../lab/kboot.ts';
import { inventoryOf } from './inventory.ts';
import { maxRssMiB, median, sideBySide, type Argv, type Cost } from './measure.ts';
import { aligned } from './table.ts';

/*
 * `npm run bench [-- ROUNDS]`: the costs of kboot on this machine, without a host; `-- live` and `-- founding`: with lab hosts. Prints without assertions: ratios
 * matter, and the load of the machine is shown.
 */
if (process.argv[2] === 'founding') {
  const { benchFounding } = await import('./founding.ts');
  await benchFounding();
  process.exit();
}
const isLive = process.argv[2] === 'live';
const rounds = Number(process.argv[isLive ? 3 : 2] ?? 7);
if (!Number.isInteger(rounds) || rounds < 1)
  throw new Error('npm run bench [-- ROUNDS | -- live [ROUNDS] | -- founding]');
if (isLive) {
  const { benchLive } = await import('./live.ts');
  await benchLive(rounds);
  process.exit();
}

const node = 'node -e 0';
const plan = (hosts: number): string => `offline plan, ${hosts} hosts`;
const targets: Readonly<Record<string, { readonly against: string; readonly target: string }>> = {
  'kboot --help': { against: node, target: '≤ 3 ×' },
  [plan(3)]: { against: node, target: '≤ 8 ×' },
  [plan(1000)]: { against: plan(100), target: '≤ 12 ×; ≤ 3 s on 2 free cores, ≤ 512 MiB' },
};

const home = mkdtempSync(join(tmpdir(), 'kboot-bench-'));
try {
  const kboot = compiledKboot();
  const offline = (hosts: number): Argv => {
    const file = join(home, `${hosts}.yaml`);
    writeFileSync(file, inventoryOf(hosts));
    return [kboot, 'plan', file, '--offline'];
  };
  const small = { [node]: ['-e', '0'], 'kboot --help': [kboot, '--help'], [plan(3)]: offline(3) };
  const large = { [plan(100)]: offline(100), [plan(1000)]: offline(1000) };

  const load = (): string => loadavg()[0]?.toFixed(1) ?? '?';
  const before = load();
  const costs = new Map([
    ...sideBySide(small, rounds, home),
    ...sideBySide(large, Math.min(rounds, 3), home),
  ]);
  const middle = (name: string, of: keyof Cost): number =>
    median((costs.get(name) ?? []).map((each) => each[of]));
  const least = (name: string): number => Math.min(...(costs.get(name) ?? []).map(({ wall }) => wall));
  const ratio = (name: string, to: string): string =>
    (['wall', 'cpu'] as const).map((of) => (middle(name, of) / middle(to, of)).toFixed(1)).join(' / ');
  const rows = Object.entries({ ...small, ...large }).map(([name, argv]) => {
    const { against, target = '' } = targets[name] ?? {};
    return [
      name,
      String(costs.get(name)?.length),
      middle(name, 'wall').toFixed(3),
      least(name).toFixed(3),
      middle(name, 'cpu').toFixed(3),
      maxRssMiB(argv, home).toFixed(0),
      against === undefined ? '' : `${ratio(name, against)} × ${against}`,
      target,
    ];
  });
  const head = ['', 'runs', 'median s', 'least s', 'CPU s', 'MiB', 'ratio: wall / CPU', 'target'];
  process.stdout.write(
    `${aligned([head, ...rows], 6)}\n\nNode ${process.version}, ${availableParallelism()} cores, load ${before} before and ${load()} after\n`,
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}
