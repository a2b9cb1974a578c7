import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeOfflinePlan } from '../../src/app/make-plan.ts';
import { openWorkspace } from '../../src/app/workspace.ts';
import type { PageInput } from '../../src/view/html/input.ts';
import { pageHtml } from '../../src/view/html/page.ts';
import { inventoryOf } from '../bench/inventory.ts';
import { samplePlan } from '../samples/page.ts';
import { simulatedRun } from './simulated-run.ts';

/** Pages on this machine's disk. */
export interface Pages {
  /** Address of a page by its name. */
  url(name: PageName): string;
  remove(): void;
}

export type PageName = 'plan' | 'report' | 'drift' | 'hostile' | 'plan-500' | 'report-500';

/** Writes pages of five hosts, of five hundred, of a plan with diffs, and of one with hostile names. */
export async function writePages(folder = mkdtempSync(join(tmpdir(), 'kboot-pages-'))): Promise<Pages> {
  const file = (name: PageName): string => join(folder, `${name}.html`);
  const write = (name: PageName, input: Omit<PageInput, 'kboot' | 'at'>): void => {
    writeFileSync(file(name), pageHtml({ ...input, kboot: '0.1.0', at: new Date('2026-11-20T13:15:00Z') }));
  };
  const many = join(folder, 'bench.yaml');
  writeFileSync(many, inventoryOf(500));
  const five = fileURLToPath(new URL('../../inventories/ha.yaml', import.meta.url));
  for (const [inventory, suffix, failing] of [
    [five, '', ['w-2']],
    [many, '-500', ['w-17', 'w-203']],
  ] as const) {
    const workspace = await openWorkspace({ inventory });
    const { cluster } = workspace;
    const plan = makeOfflinePlan(workspace, { until: 'addon', limit: [], ignore: [] });
    const command = `kboot up ${suffix === '' ? 'inventories/ha.yaml' : 'bench.yaml'}`;
    write(`plan${suffix}`, { plan, cluster, command });
    write(`report${suffix}`, { plan, cluster, command, run: simulatedRun(plan, failing) });
  }
  write('drift', { plan: samplePlan(), command: 'kboot up prod.yaml' });
  const hostile = samplePlan((word) => `${word}"'></pre></script><img src=x onerror="alert(1)"><!--`);
  write('hostile', { plan: hostile, command: '<script>alert(1)</script>' });
  return {
    url: (name) => pathToFileURL(file(name)).href,
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
