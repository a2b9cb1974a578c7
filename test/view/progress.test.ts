import './no-color.ts';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { ApplyEvent } from '../../src/apply/events.ts';
import { ProgressState, progressLines, showProgress, stageSeconds } from '../../src/view/progress.ts';
import { hostStep, plan, planHost, waitStep } from '../plan/sample.ts';

const long = hostStep('w-1', `file /etc/${'very-long-folder/'.repeat(20)}x`, { stage: 'runtime' });
const api = waitStep({ kind: 'api', host: 'cp-1' }, { resource: 'API server of cp-1' });
const failed = hostStep('w-2', 'package kmod', { stage: 'host' });
const events: readonly ApplyEvent[] = [
  { at: 0, type: 'issued', count: 3 },
  { at: 100, type: 'stage', host: 'cp-1', stage: 'host', steps: 1 },
  { at: 100, type: 'stage', host: 'w-1', stage: 'runtime', steps: 2 },
  { at: 100, type: 'stage', host: 'w-2', stage: 'host', steps: 5 },
  { at: 2000, type: 'stage-done', host: 'cp-1', stage: 'host', seconds: 1.9 },
  { at: 2000, type: 'start', step: long },
  { at: 3000, type: 'done', step: long, seconds: 1 },
  { at: 3000, type: 'start', step: long },
  { at: 3000, type: 'start', step: failed },
  { at: 3500, type: 'failed', step: failed, message: 'ended with status 1', detail: 'E: dpkg' },
  { at: 3600, type: 'waiting', step: api, seen: 'connect\nECONNREFUSED' },
];

function state(taken = events): ProgressState {
  const progress = new ProgressState(
    plan({
      hosts: [
        planHost('cp-1', 'control-plane'),
        planHost('w-1', 'worker'),
        planHost('w-2', 'worker'),
        planHost('w-3', 'worker', { state: 'unreachable' }),
      ],
    }),
  );
  for (const event of taken) progress.take(event);
  return progress;
}

describe('progressLines', () => {
  it('shows a line a host, and what the API is waited for', () => {
    expect(progressLines(state(), 12_400, 80).join('\n')).toMatchInlineSnapshot(`
      "  cp-1  ✓ host  2 s
        w-1   ● runtime 1/2  file /etc/very-long-folder/very-long-folder/very-l…  12 s
        w-2   ✗ host 0/5  package kmod  12 s
        API   ● waits for API server of cp-1: connect ECONNREFUSED"
    `);
  });

  it.each([20, 40, 80, 200])('is never wider than the terminal (%i columns)', (width) => {
    for (let count = 0; count <= events.length; count++)
      for (const line of progressLines(state(events.slice(0, count)), 999_999, width))
        if (width >= 40) expect(line.length).toBeLessThanOrEqual(width);
        else expect(line).not.toContain('\n');
  });

  it('shows more where there is more room', () => {
    const [narrow, wide] = [80, 200].map((width) => progressLines(state(), 0, width)[1] ?? '');
    expect(wide?.length).toBeGreaterThan(narrow?.length ?? 0);
    expect(narrow).toContain('…');
  });

  it('forgets what the API was waited for once it is done', () => {
    const done: ApplyEvent = { at: 4000, type: 'done', step: api, seconds: 1 };
    expect(progressLines(state([...events, done]), 5000, 80).join('\n')).not.toContain('API');
  });

  it('a lost host stays, with the reason', () => {
    const lost: ApplyEvent = { at: 4000, type: 'host-lost', host: 'w-1', message: 'the connection ended' };
    expect(progressLines(state([...events, lost]), 9000, 80)[1]).toContain(
      '✗ runtime 1/2  the connection ended',
    );
  });
});

describe('progress without a terminal', () => {
  it('is a line a stage, a wait and a failure', () => {
    const stream = new PassThrough();
    const progress = showProgress(plan(), stream as unknown as NodeJS.WriteStream);
    for (const event of events) progress.take(event);
    progress.stop();
    expect(String(stream.read())).toMatchInlineSnapshot(`
      "   0.0 s  issued 3 certificates and keys into the state folder
         2.0 s  cp-1: host done in 1.9 s
         3.5 s  w-2: package kmod FAILED: ended with status 1
         3.6 s  waits for API server of cp-1: connect ECONNREFUSED
      "
    `);
  });
});

describe('stageSeconds', () => {
  it("counts from the first host's begin to the last one's end", () => {
    expect(stageSeconds(events)).toBe('host 3.4, runtime 2.9, control-plane 0.0');
    expect(stageSeconds([])).toBe('');
  });
});
