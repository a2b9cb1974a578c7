import '../no-color.ts';
import { describe, expect, it } from 'vitest';
import { linksOf } from '../../../src/view/timeline/chain.ts';
import { chainText } from '../../../src/view/timeline/chain-text.ts';
import { timelineOf } from '../../../src/view/timeline/timeline.ts';
import { before, timedEvents, timedPlan } from './samples.ts';

describe('timelineOf', () => {
  const timeline = timelineOf(timedPlan(), timedEvents(), before);

  it('follows what each span waited for, from the last to end back to the start of the command', () => {
    expect(timeline.chain.map(({ id }) => id)).toEqual([
      ...['before/0', 'before/1', 'runtime/1/task-1', 'api/1/gate-1', 'api/2/task-1', 'api/3/gate-1'],
    ]);
    expect([timeline.from, timeline.to]).toEqual([-3000, 20_000]);
  });

  it('says so in words, with the steps that explain a link, and what a gate saw instead', () => {
    expect(chainText(timeline)).toBe(
      'Longest chain, 23.0 s: start 0.6 s → reading hosts, planning 2.4 s → runtime of cp-1 4.0 s (file archive 3.4 s) → API server 10.0 s (connection refused 5.9 s, /readyz returned status 500 4.0 s) → API objects 1.0 s → Node w-1 Ready 5.0 s',
    );
  });

  it('leaves out what is too short to matter, and counts it', () => {
    const short = timedEvents().map((event) =>
      event.type === 'span' && event.id === 'api/2/task-1' ? { ...event, seconds: 0.06 } : event,
    );
    const { links, rest } = linksOf(timelineOf(timedPlan(), short, before));
    expect(links.map(({ what }) => what)).not.toContain('API objects');
    expect(rest).toBeCloseTo(1);
  });

  it('has no chain without a span, and ends with spans that wait for each other', () => {
    expect(timelineOf(timedPlan(), []).chain).toEqual([]);
    const circle = timedEvents().map((event) =>
      event.type === 'span' ? { ...event, after: 'api/3/gate-1' } : event,
    );
    expect(timelineOf(timedPlan(), circle).chain).toHaveLength(1);
  });
});
