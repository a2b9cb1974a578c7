import { describe, expect, it } from 'vitest';
import { commonOf, patchTo } from '../../../src/desire/adopt/difference.ts';

describe('patchTo', () => {
  it('states what differs and what only the found settings have', () => {
    const own = {
      maxPods: 110,
      clusterDNS: ['10.96.0.10'],
      authentication: { anonymous: { enabled: false } },
    };
    const found = {
      ...own,
      maxPods: 90,
      authentication: { anonymous: { enabled: true } },
      podPidsLimit: 500,
    };
    expect(patchTo(found, own)).toEqual({
      maxPods: 90,
      authentication: { anonymous: { enabled: true } },
      podPidsLimit: 500,
    });
  });

  it('states a false that somebody set, and no zero value that a component writes out by itself', () => {
    const found = {
      ...{ failCgroupV1: false, featureGates: { ContextualLogging: false }, cpuManagerReconcilePeriod: '0s' },
      ...{ iptables: { masqueradeAll: false, localhostNodePorts: false, minSyncPeriod: '0s' }, tags: [] },
      ...{
        logging: { flushFrequency: 0, options: { json: { infoBufferSize: null } } },
        enableProfiling: false,
      },
    };
    expect(patchTo(found, {})).toEqual({
      ...{ failCgroupV1: false, featureGates: { ContextualLogging: false } },
      iptables: { localhostNodePorts: false },
    });
  });
});

it('commonOf is what all objects have', () => {
  expect(
    commonOf([
      { a: 1, b: [1] },
      { a: 2, b: [1], c: 3 },
    ]),
  ).toEqual({ b: [1] });
});
