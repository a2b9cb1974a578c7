import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { gatesOf, stepsOf } from '../../src/plan/steps.ts';
import { stepLines } from './kboot.ts';
import type { KbootOptions, KbootResult, PrintedPlan, Site } from './kboot.ts';

/** The parts of a plan file that tests check. */
export interface PlanFileContent {
  readonly plan: PrintedPlan;
}

/** A site with saved plans. */
export interface PlanFiles {
  readonly file: string;
  /** `kboot plan --out`; throws if it fails. */
  keep(path?: string, options?: KbootOptions): Promise<KbootResult>;
  /**
   * Applies the plan in `file`: exactly its steps are done, and then nothing is left; `settles` seconds may pass until no
   * gate is left, if processes that the plan does not change lose their API for a while.
   */
  expectExactly(options?: KbootOptions & { readonly settles?: number }): Promise<KbootResult>;
  /** Applying is refused with these messages, and nothing is done. */
  expectStale(path: string, words: readonly string[], options?: KbootOptions): Promise<void>;
  read(path?: string): PlanFileContent;
}

/** Plan files of the cluster `name`, with the flags `scope`. */
export function planFiles(site: Site, name: string, scope: readonly string[]): PlanFiles {
  const file = join(site.dir, 'p.json');
  const runs = join(site.dir, '.kboot', name, 'runs');
  const read = (path = file): PlanFileContent => JSON.parse(readFileSync(path, 'utf8')) as PlanFileContent;
  return {
    file,
    read,
    async keep(path = file, options = {}) {
      const made = await site.kboot('plan', [...scope, '--out', path], options);
      expect(made, made.stderr).toMatchObject({ exitCode: 0 });
      return made;
    },
    async expectExactly(options = {}) {
      const { plan } = read();
      const steps = stepsOf(plan);
      const planned = [...steps, ...gatesOf(plan)].map(({ id }) => id).sort();
      expect(planned.length).toBeGreaterThan(0);
      const result = await site.kboot('up', ['--plan', file, '--yes', '-o', 'json'], options);
      expect(result, result.stdout + result.stderr).toMatchObject({ exitCode: 0 });
      expect(appliedSteps(runs)).toEqual(planned);
      expect(result.events.find((event) => event.type === 'summary')).toMatchObject({
        executed: steps.length,
        planned: steps.length,
      });
      const deadline = Date.now() + (options.settles ?? 0) * 1000;
      for (;;) {
        const after = await site.kboot('plan', [...scope, '--detailed-exitcode', '-o', 'json'], options);
        expect(stepLines(after)).toEqual([]);
        if (after.exitCode === 2 && Date.now() < deadline) continue;
        expect(after, after.stdout + after.stderr).toMatchObject({ exitCode: 0 });
        return result;
      }
    },
    async expectStale(path, words, options = {}) {
      const before = readdirSync(runs);
      const refused = await site.kboot('up', ['--plan', path, '--yes'], options);
      expect(refused, refused.stdout + refused.stderr).toMatchObject({ exitCode: 6, stdout: '' });
      for (const word of [...words, 'E-PLAN-STALE']) expect(refused.stderr).toContain(word);
      expect(readdirSync(runs)).toEqual(before);
    },
  };
}

/** Ids of the steps that were done, from the newest run log. */
function appliedSteps(runs: string): readonly string[] {
  const [newest = ''] = readdirSync(runs).sort().reverse();
  return readFileSync(join(runs, newest), 'utf8')
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as { type: string; step: string }]))
    .flatMap(({ type, step }) => (type === 'done' ? [step] : []))
    .sort();
}
