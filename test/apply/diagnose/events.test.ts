import { expect, it } from 'vitest';
import { eventLines } from '../../../src/apply/diagnose/events.ts';
import { event, list } from '../../samples/diagnose.ts';

it('shows the last warnings, with counts and times', () => {
  const events = list(
    event('Warning', 'Unhealthy', 'probe failed', { count: 7, lastTimestamp: '2026-07-25T10:05:00Z' }),
    event('Normal', 'Pulled', 'image is present', { lastTimestamp: '2026-07-25T10:09:00Z' }),
    event('Warning', 'BackOff', 'restarting', { lastTimestamp: null, eventTime: '2026-07-25T10:04:00Z' }),
    event('Warning', 'Old', 'long ago', { lastTimestamp: '2026-07-25T09:00:00Z' }),
  );
  expect(eventLines(events, 2)).toEqual([
    'Warning BackOff, at 2026-07-25T10:04:00Z: restarting',
    'Warning Unhealthy, 7 times, last at 2026-07-25T10:05:00Z: probe failed',
  ]);
});

it('shows other events if there is no warning', () => {
  expect(eventLines(list(event('Normal', 'Pulling', 'image', { series: { count: 3 } })), 2)).toEqual([
    'Normal Pulling, 3 times, last at 2026-07-25T10:00:00Z: image',
  ]);
});
