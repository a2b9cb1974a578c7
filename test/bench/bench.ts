import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledKboot } from '../lab/kboot.ts';
import { serveFleet, type ServedFleet } from './fleet.ts';
import { inventoryOf } from './inventory.ts';
import { maxRssMiB, median, sideBySide, type Argv, type Cost } from './measure.ts';
import { keepFigures, lastFigures, ratioToLast } from './record.ts';
import { aligned } from './table.ts';

/*
 * `npm run bench [-- ROUNDS]`: the costs of kboot on this machine, without a host; `-- live`, `-- founding`, `-- upgrade`, `-- hundred`,
 * `-- spread` and `-- far`: with lab hosts. Prints without assertions: ratios matter, and the load of the machine is shown.
 */
const usage =
  'npm run bench [-- ROUNDS | -- live [ROUNDS] | -- founding | -- upgrade | -- hundred [HOSTS] | -- spread [HOSTS] | -- far [ROUNDS]]';
const [first = '7', second] = process.argv.slice(2);
switch (first) {
  case 'founding':
    await (await import('./founding.ts')).benchFounding();
    process.exit();
  case 'upgrade':
    await (await import('./upgrade.ts')).benchUpgrade();
    process.exit();
  case 'live':
    await (await import('./live.ts')).benchLive(whole(second ?? '7'));
    process.exit();
  case 'hundred':
    await (await import('./hundred.ts')).benchHundred(whole(second ?? '100'));
    process.exit();
  case 'spread':
    await (await import('./spread.ts')).benchSpread(whole(second ?? '20'));
    process.exit();
  case 'far':
    await (await import('./far.ts')).benchFar(whole(second ?? '3'));
    process.exit();
  default:
    await benchAlone(whole(first));
}

function whole(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new Error(usage);
  return number;
}

async function benchAlone(rounds: number): Promise<void> {
  const node = 'node -e 0';
  const offline = (hosts: number): string => `offline plan, ${hosts} hosts`;
  const nothing = (hosts: number): string => `plan, nothing to do, ${hosts} hosts`;
  const targets: Readonly<Record<string, { readonly against: string; readonly target: string }>> = {
    'kboot --help': { against: node, target: '≤ 3 ×' },
    [offline(3)]: { against: node, target: '≤ 8 ×' },
    [offline(1000)]: { against: offline(100), target: '≤ 12 ×; ≤ 3 s on 2 free cores, ≤ 512 MiB' },
    [nothing(1000)]: { against: nothing(100), target: '≤ 10 s on 2 free cores, ≤ 512 MiB' },
  };
  const home = mkdtempSync(join(tmpdir(), 'kboot-bench-'));
  const fleets: ServedFleet[] = [];
  try {
    const kboot = compiledKboot();
    const offlineArgv = (hosts: number): Argv => {
      const file = join(home, `${hosts}.yaml`);
      writeFileSync(file, inventoryOf(hosts));
      return [kboot, 'plan', file, '--offline'];
    };
    const liveArgv = async (hosts: number): Promise<Argv> => {
      const folder = join(home, `fleet-${hosts}`);
      mkdirSync(folder);
      const fleet = await serveFleet(hosts, folder);
      fleets.push(fleet);
      return [kboot, 'plan', fleet.inventory];
    };
    const small = { [node]: ['-e', '0'], 'kboot --help': [kboot, '--help'], [offline(3)]: offlineArgv(3) };
    const large = {
      [offline(100)]: offlineArgv(100),
      [offline(1000)]: offlineArgv(1000),
      [nothing(100)]: await liveArgv(100),
      [nothing(1000)]: await liveArgv(1000),
    };

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
    const last = lastFigures('alone');
    const rows = Object.entries({ ...small, ...large }).map(([name, argv]) => {
      const { against, target = '' } = targets[name] ?? {};
      return [
        name,
        String(costs.get(name)?.length),
        middle(name, 'wall').toFixed(3),
        least(name).toFixed(3),
        middle(name, 'cpu').toFixed(3),
        ratioToLast(last, name, middle(name, 'cpu')),
        maxRssMiB(argv, home).toFixed(0),
        against === undefined ? '' : `${ratio(name, against)} × ${against}`,
        target,
      ];
    });
    keepFigures('alone', Object.fromEntries([...costs.keys()].map((name) => [name, middle(name, 'cpu')])));
    const head = [
      '',
      'runs',
      'median s',
      'least s',
      'CPU s',
      'of last run',
      'MiB',
      'ratio: wall / CPU',
      'target',
    ];
    process.stdout.write(
      `${aligned([head, ...rows], 7)}\n\nHosts of plans with nothing to do are one process beside kboot's, on the same cores; CPU s is kboot's alone.\nNode ${process.version}, ${availableParallelism()} cores, load ${before} before and ${load()} after\n`,
    );
  } finally {
    for (const fleet of fleets) fleet.stop();
    rmSync(home, { recursive: true, force: true });
  }
}
