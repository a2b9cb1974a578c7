import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { planTarget, readPlan, writePlan } from '../../../src/app/saved/file.ts';
import { seal } from '../../../src/plan/saved/saved.ts';
import { phaseOf, plan, savedContent, shellStep } from '../../samples/plan.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kboot-plan-'));
  file = join(folder, 'p.json');
  return () => {
    rmSync(folder, { recursive: true });
  };
});
const saved = seal(
  savedContent({ plan: plan({ phases: [phaseOf('host', [[{ host: 'w-1' }, [shellStep('w-1', '/a')]]])] }) }),
);

describe('a plan file', () => {
  it('survives a round trip, is readable by its owner only, and leaves no other file', async () => {
    await writePlan(file, saved);
    expect(await readPlan(file)).toEqual(saved);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(['p.json']);
  });

  it('replaces a plan or an empty file, and nothing else', async () => {
    await writePlan(file, saved);
    await writePlan(file, seal(savedContent()));
    expect((await readPlan(file)).plan.phases).toEqual([]);
    const link = join(folder, 'link.json');
    symlinkSync(file, link);
    await writePlan(link, saved);
    expect(await readPlan(file)).toEqual(saved);
    const empty = join(folder, 'empty');
    writeFileSync(empty, '');
    await writePlan(empty, saved);
    for (const text of ['{}', 'notes', '{"kind":"Plan"}', '[]']) {
      const other = join(folder, 'other');
      writeFileSync(other, text);
      await expect(writePlan(other, saved)).rejects.toMatchObject({ code: 'E-USAGE', exit: 3 });
      expect(readFileSync(other, 'utf8')).toBe(text);
    }
    for (const path of [folder, '/dev/null'])
      await expect(planTarget(path)).rejects.toMatchObject({ code: 'E-USAGE' });
    mkdirSync(join(folder, 'sub'));
    await expect(writePlan(join(file, 'p.json'), saved)).rejects.toMatchObject({ code: 'E-USAGE' });
  });

  it.each<[string, (text: string) => string, string]>([
    ['truncated', (text) => text.slice(0, -40), 'is truncated, or is not JSON'],
    ['empty', () => '', 'is truncated, or is not JSON'],
    ['something else', () => '{"kind":"Cluster"}', 'is not a saved plan'],
    ['not an object', () => 'null', 'is not a saved plan'],
    ['of a later format', (text) => text.replace('kboot.dev/v1', 'kboot.dev/v2'), 'kboot.dev/v2'],
    [
      'another script',
      (text) => text.replace('"script": ":"', '"script": "reboot"'),
      'its digest does not match',
    ],
    [
      'another basis',
      (text) => text.replace('"kboot": "0.1.0"', '"kboot": "0.1.1"'),
      'its digest does not match',
    ],
  ])('%s is refused in one sentence', async (_title, spoil, said) => {
    await writePlan(file, saved);
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, spoil(text));
    expect(spoil(text)).not.toBe(text);
    await expect(readPlan(file)).rejects.toMatchObject({
      code: 'E-PLAN',
      exit: 3,
      message: expect.stringContaining(said) as unknown,
    });
  });

  it('one without the form of a plan is refused, even with a valid digest', async () => {
    const steps = [{ type: 'shell' }];
    const phases = [phaseOf('host', [[{ host: 'w-1' }, steps as never]])];
    const broken = seal(savedContent({ plan: plan({ phases }) }));
    writeFileSync(file, JSON.stringify(broken));
    await expect(readPlan(file)).rejects.toMatchObject({
      code: 'E-PLAN',
      message: expect.stringContaining('plan.phases.0.batches.0.tasks.0.steps.0') as unknown,
    });
    await expect(readPlan(join(folder, 'none'))).rejects.toMatchObject({ code: 'E-PLAN' });
  });
});
