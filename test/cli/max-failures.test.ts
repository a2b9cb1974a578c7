import { expect, it } from 'vitest';
import { maxFailuresOf, refuseFailures, stoppedText } from '../../src/cli/max-failures.ts';
import { plan, phaseOf, shellStep } from '../samples/plan.ts';

it.each<[string, number, number]>([
  ['1', 100, 1],
  ['7', 3, 7],
  ['10%', 100, 10],
  ['10%', 5, 1],
  ['1%', 1000, 10],
  ['33%', 10, 4],
  ['100%', 3, 3],
])('--max-failures %s of %i hosts: %i', (most, hosts, count) => {
  expect(maxFailuresOf({ 'max-failures': most })?.count(hosts)).toBe(count);
});

it('--fail-fast is the first failure; without a flag there is no limit', () => {
  expect(maxFailuresOf({ 'fail-fast': true })?.count(1000)).toBe(1);
  expect(maxFailuresOf({ 'fail-fast': false })).toBeUndefined();
  expect(stoppedText(undefined, 3)).toBeUndefined();
});

it.each(['0', '0%', '101%', '-1', '1.5', 'a', '', '5 %', '%'])('refuses --max-failures %j', (most) => {
  expect(() => maxFailuresOf({ 'max-failures': most })).toThrow(
    expect.objectContaining({ code: 'E-USAGE', message: expect.stringContaining(most) as string }) as Error,
  );
});

it('refuses both flags', () => {
  expect(() => maxFailuresOf({ 'fail-fast': true, 'max-failures': '1' })).toThrow('exclude each other');
});

it('hosts that could not be read count; a plan without changes is not refused', () => {
  const changes = plan({ phases: [phaseOf('host', [[{ host: 'w-1' }, [shellStep('w-1', 'a')]]])] });
  const max = maxFailuresOf({ 'max-failures': '50%' });
  expect(() => {
    refuseFailures(changes, ['w-1'], max, 4);
    refuseFailures(plan(), ['w-1', 'w-2'], max, 4);
    refuseFailures(changes, ['w-1', 'w-2'], undefined, 4);
  }).not.toThrow();
  expect(() => {
    refuseFailures(changes, ['w-1', 'w-2'], max, 4);
  }).toThrow('2 hosts could not be read, and nothing starts after 2 failed hosts (--max-failures 50%)');
});
