import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Plan } from '../../src/plan/types.ts';
import { hostStep, plan } from '../plan/sample.ts';

const policy = join(import.meta.dirname, '../../docs/policies/no-restarts-by-day.mjs');

function judge(of: Plan, hour: number): { readonly status: number | null; readonly stderr: string } {
  const events = [{ type: 'plan', plan: of }, { type: 'summary' }].map((event) => JSON.stringify(event));
  return spawnSync(process.execPath, [policy, String(hour)], {
    input: `${events.join('\n')}\n`,
    encoding: 'utf8',
  });
}

it('no-restarts-by-day refuses restarts on a control plane, by day', () => {
  const restarts = plan({
    hostSteps: [
      hostStep('cp-1', 'static-pod kube-apiserver', { verb: 'update' }),
      hostStep('w-1', 'unit kubelet', { verb: 'restart' }),
    ],
  });
  expect(judge(restarts, 12)).toMatchObject({
    status: 1,
    stderr: "no restarts on a control plane before 19 o'clock:\n  cp-1: static-pod kube-apiserver\n",
  });
  expect(judge(restarts, 22).status).toBe(0);
  expect(judge(plan({ hostSteps: [hostStep('cp-1', 'file /a')] }), 12).status).toBe(0);
});
