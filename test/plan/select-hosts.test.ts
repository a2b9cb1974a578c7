import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KbootError } from '../../src/model/error.ts';
import { selectHosts } from '../../src/plan/select-hosts.ts';
import { host, sampleCluster } from '../samples/pki.ts';

const cluster = sampleCluster({
  hosts: [
    host('cp-1', '10.0.0.11', 'control-plane'),
    host('cp-2', '10.0.0.12', 'control-plane', 'worker'),
    { ...host('w-1', '10.0.0.21', 'worker'), labels: { zone: 'a', gpu: '' }, upgradeGroup: 'rack-a' },
    { ...host('w-2', '10.0.0.22', 'worker'), labels: { zone: 'b' }, upgradeGroup: 'rack-b' },
    { ...host('w-10', '10.0.0.30', 'worker'), labels: { zone: 'a' } },
    host('w.3', '10.0.0.23', 'load-balancer'),
  ],
});

const error = (...words: string[]): KbootError => {
  try {
    selectHosts(cluster, words);
  } catch (cause) {
    if (cause instanceof KbootError) return cause;
  }
  throw new Error('no error');
};

describe('selects hosts', () => {
  it.each<[string, string]>([
    ['w-1', 'w-1'],
    ['w-2 cp-1', 'cp-1 w-2'],
    ['w-1 w-1', 'w-1'],
    ['role=worker', 'cp-2 w-1 w-2 w-10'],
    ['role=load-balancer', 'w.3'],
    ['label=zone=a', 'w-1 w-10'],
    ['label=zone', 'w-1 w-2 w-10'],
    ['label=gpu', 'w-1'],
    ['label=gpu=', 'w-1'],
    ['group=rack-b', 'w-2'],
    ['group=rack-b label=zone=a', 'w-1 w-2 w-10'],
    ['w-*', 'w-1 w-2 w-10'],
    ['*-1', 'cp-1 w-1'],
    ['w.*', 'w.3'],
    ['!role=control-plane', 'w-1 w-2 w-10 w.3'],
    ['role=worker !w-1 !label=zone=b', 'cp-2 w-10'],
    ['!w-* !cp-*', 'w.3'],
  ])('%s', (words, expected) => {
    expect(selectHosts(cluster, words.split(' ')).join(' ')).toBe(expected);
  });

  it('without words, none: the whole cluster', () => {
    expect(selectHosts(cluster, [])).toEqual([]);
  });
});

describe('refuses', () => {
  it.each<[string, string]>([
    ['w-9', 'w-9 is not a host of the inventory; did you mean w-1?'],
    ['W-1', 'did you mean w-1?'],
    ['worker', 'worker is not a host of the inventory; did you mean role=worker?'],
    ['zone=a', 'did you mean label=zone=a?'],
    ['rack-a', 'did you mean group=rack-a?'],
    ['roles=worker', 'did you mean role=worker?'],
    ['role=workers', 'no host has the role workers; did you mean role=worker?'],
    ['role=etcd', 'no host has the role etcd'],
    ['label=zone=c', 'did you mean label=zone=a?'],
    ['group=rack', 'no host has the group rack'],
    ['constructor=a', 'constructor=a is not a host of the inventory'],
    ['x-*', 'no host is named like x-*'],
    ['!w-9', 'w-9 is not a host of the inventory'],
    ['w-1 !w-1', '--limit w-1 !w-1 leaves no host'],
    ['!*', '--limit !* leaves no host'],
  ])('%s', (words, message) => {
    const { code, message: said, context } = error(...words.split(' '));
    expect(code).toBe('E-USAGE');
    expect(said).toContain(message);
    expect(context.remedy).toContain('Its hosts: cp-1, cp-2, w-1, w-2, w-10, w.3.');
  });

  it('an empty word', () => {
    expect(error('').message).toContain('an empty word');
  });

  it('everything wrong at once, with what there is to select', () => {
    const { message, context } = error('w-9', 'role=x', 'w-1');
    expect(message).toContain('w-9');
    expect(message).toContain('no host has the role x');
    expect(context.remedy).toContain('Its groups (group=GROUP): rack-a, rack-b.');
    expect(context.remedy).toContain('Its labels (label=KEY=VALUE): zone=a, gpu=, zone=b.');
  });

  it('never selects every host by mistake: words select something, or throw', () => {
    const word = fc.oneof(
      fc.string({ maxLength: 6 }),
      fc.constantFrom('w-1', 'role=worker', 'label=zone=a', 'group=rack-a', '!w-1', '!*', 'w-*', '*', '['),
    );
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        let names: readonly string[];
        try {
          names = selectHosts(cluster, words);
        } catch (cause) {
          expect(cause).toBeInstanceOf(KbootError);
          return;
        }
        expect(names.length).toBeGreaterThan(0);
      }),
    );
  });
});
