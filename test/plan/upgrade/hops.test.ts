import { expect, it } from 'vitest';
import { hopsTo } from '../../../src/plan/upgrade/hops.ts';

const available = ['v1.36.4', 'v1.36.2', 'v1.35.8', 'v1.35.6', 'v1.34.11', 'v1.33.4'];
const at = (apiServer: string, kubelet = apiServer) => ({
  apiServers: new Map([['cp-1', apiServer]]),
  serving: new Set<string>(),
  controllers: new Map(),
  kubelets: new Map([['w-1', kubelet]]),
});
const told = (hops: ReturnType<typeof hopsTo>): string[] | undefined =>
  hops?.map(({ to, holdWorkers }) => `${to}${holdWorkers ? ' without workers' : ''}`);

it.each<[string, string, readonly string[]]>([
  ['v1.35.6', 'v1.36.2', ['v1.36.2']],
  ['v1.36.2', 'v1.36.2', ['v1.36.2']],
  ['v1.34.9', 'v1.36.2', ['v1.35.8 without workers', 'v1.36.2']],
  ['v1.33.1', 'v1.36.2', ['v1.34.11 without workers', 'v1.35.8 without workers', 'v1.36.2']],
])('from %s to %s', (from, to, hops) => {
  expect(told(hopsTo(to, at(from), available))).toEqual(hops);
});

it('workers that would fall more than three minors behind go along', () => {
  expect(told(hopsTo('v1.36.2', at('v1.34.9', 'v1.32.0'), available))).toEqual(['v1.35.8', 'v1.36.2']);
});

it('there is no chain without a version of a minor between', () => {
  expect(hopsTo('v1.36.2', at('v1.34.9'), ['v1.36.2'])).toBeUndefined();
});

it('a cluster that is not there has one hop', () => {
  const none = { ...at('v1.35.6'), apiServers: new Map<string, string>() };
  expect(told(hopsTo('v1.36.2', none, available))).toEqual(['v1.36.2']);
});
