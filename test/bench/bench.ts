import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { compiledKboot } from '../lab/kboot.ts';
import { inventoryOf } from './inventory.ts';
import { median, sideBySide, usage, type Argv } from './measure.ts';

/*
 * `npm run bench [-- ROUNDS]`: what kboot costs on this machine, without a host. Prints and judges nothing:
 * ratios are what counts, and a busy machine is named as such.
 */
const rounds = Number(process.argv[2] ?? 7);
if (!Number.isInteger(rounds) || rounds < 1) throw new Error('npm run bench [-- ROUNDS]');

const home = mkdtempSync(join(tmpdir(), 'kboot-bench-'));
try {
  const kboot = compiledKboot();
  const offline = (hosts: number): Argv => {
    const file = join(home, `${hosts}.yaml`);
    writeFileSync(file, inventoryOf(hosts));
    return [kboot, 'plan', file, '--offline'];
  };
  const node = 'node -e 0';
  const plan = (hosts: number): string => `offline plan, ${hosts} hosts`;
  const small = { [node]: ['-e', '0'], 'kboot --help': [kboot, '--help'], [plan(3)]: offline(3) };
  const large = { [plan(100)]: offline(100), [plan(1000)]: offline(1000) };

  const load = (): string => loadavg()[0]?.toFixed(1) ?? '?';
  const before = load();
  const taken = new Map([
    ...sideBySide(small, rounds, home),
    ...sideBySide(large, Math.min(rounds, 3), home),
  ]);
  const used = new Map(
    Object.entries({ ...small, ...large }).map(([name, argv]) => [name, usage(argv, home)]),
  );

  const middle = (name: string): number => median(taken.get(name) ?? []);
  const cpu = (name: string): number => used.get(name)?.cpuSeconds ?? NaN;
  const ratio = (name: string, to: string): string =>
    `${(middle(name) / middle(to)).toFixed(1)} × (CPU ${(cpu(name) / cpu(to)).toFixed(1)} ×)`;
  const row = (name: string, compared: string, target: string): string[] => {
    const values = taken.get(name) ?? [];
    return [
      name,
      String(values.length),
      middle(name).toFixed(3),
      Math.min(...values).toFixed(3),
      cpu(name).toFixed(3),
      (used.get(name)?.maxRssMiB ?? NaN).toFixed(0),
      compared,
      target,
    ];
  };
  const table = [
    ['process', 'runs', 'median s', 'least s', 'CPU s', 'max RSS MiB', 'compared', 'target'],
    row(node, '', ''),
    row('kboot --help', `${ratio('kboot --help', node)} ${node}`, '≤ 3 ×'),
    row(plan(3), `${ratio(plan(3), node)} ${node}`, '≤ 8 ×'),
    row(plan(100), '', ''),
    row(plan(1000), `${ratio(plan(1000), plan(100))} 100 hosts`, '≤ 12 ×; ≤ 3 s on 2 free cores, ≤ 512 MiB'),
  ];
  process.stdout.write(
    `${aligned(table)}\n\nNode ${process.version}, ${availableParallelism()} cores, load ${before} before and ${load()} after\n`,
  );
} finally {
  rmSync(home, { recursive: true, force: true });
}

/** Columns side by side: the first and the last two to the left, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string {
  const width = (column: number): number => Math.max(...rows.map((cells) => cells[column]?.length ?? 0));
  return rows
    .map((cells) =>
      cells
        .map((cell, column) =>
          column === 0 || column > 5 ? cell.padEnd(width(column)) : cell.padStart(width(column)),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
