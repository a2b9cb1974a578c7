import { describe, expect, it } from 'vitest';
import { KbootError } from '../../../src/model/error.ts';
import { judgeForeignEtcd, type ForeignEtcdGround } from '../../../src/plan/etcd/external.ts';
import type { EtcdAnswer } from '../../../src/observe/foreign-etcd.ts';
import { found } from '../../samples/text.ts';

const first = 'https://10.0.0.31:2379';
const second = 'https://10.0.0.32:2379';
const ours = 'sha256:ours';
type Heard = Extract<EtcdAnswer['answer'], { kind: 'answers' }>;

const hears = (more: Partial<Heard> = {}, endpoint = first, host = 'cp-1'): EtcdAnswer => ({
  host,
  endpoint,
  answer: { kind: 'answers', version: '3.6.8', clusterId: '7', keys: 0, owner: undefined, ...more },
});
const silent = (endpoint = first, host = 'cp-1'): EtcdAnswer => ({
  host,
  endpoint,
  answer: { kind: 'unavailable', why: 'Connection refused' },
});
const fresh: ForeignEtcdGround = { prefix: '/registry', clusterId: ours, standing: [], unread: [] };
const standing = { ...fresh, standing: ['cp-1'] };

function refusal(answers: readonly EtcdAnswer[], ground: ForeignEtcdGround): KbootError {
  try {
    judgeForeignEtcd(answers, ground);
  } catch (error) {
    if (error instanceof KbootError) return error;
    throw error;
  }
  throw new Error('not refused');
}

describe('an etcd that someone else runs', () => {
  it('without keys of the prefix holds no cluster', () => {
    expect(judgeForeignEtcd([hears()], fresh)).toEqual({ state: 'absent', findings: [] });
  });

  it('that does not answer may have the cluster: nothing is bootstrapped and nothing changed', () => {
    const error = refusal([silent(), silent(second)], fresh);
    expect(error.code).toBe('E-PROBE');
    expect(error.context.detail).toBe(
      `cp-1: ${first}: Connection refused\ncp-1: ${second}: Connection refused`,
    );
    expect(refusal([silent()], standing).code).toBe('E-PROBE');
  });

  it('with endpoints of two etcd clusters is refused', () => {
    expect(refusal([hears(), hears({ clusterId: '8' }, second)], fresh).message).toContain(
      'not members of one etcd cluster',
    );
  });

  it('has this cluster if the keys belong to this cluster and its control plane exists', () => {
    expect(judgeForeignEtcd([hears({ keys: 9, owner: ours })], standing)).toEqual({
      state: 'present',
      findings: [],
    });
  });

  it('has a cluster whose bootstrap was interrupted: no key identifies the owner yet', () => {
    expect(judgeForeignEtcd([hears({ keys: 9 })], standing).state).toBe('present');
  });

  it("with another cluster's keys is refused, regardless of the hosts", () => {
    for (const ground of [fresh, standing, { ...fresh, clusterId: undefined }])
      expect(refusal([hears({ keys: 9, owner: 'sha256:theirs' })], ground).code).toBe('E-FOREIGN-CLUSTER');
  });

  it('with keys of an unknown owner is refused if no control plane of this cluster exists', () => {
    const error = refusal([hears({ keys: 9 })], { ...fresh, unread: ['cp-2'] });
    expect(error.code).toBe('E-FOREIGN-CLUSTER');
    expect(error.message).toContain('9 keys under /registry/');
    expect(error.message).toContain('cp-2 could not be read');
  });

  it('with keys of this cluster from before a reset is an error', () => {
    const { state, findings } = judgeForeignEtcd([hears({ keys: 9, owner: ours })], fresh);
    expect(state).toBe('present');
    expect(findings.map(({ check, level }) => `${check} ${level}`)).toEqual(['EtcdData error']);
    expect(found(findings[0]).remedy).toContain('etcdctl del --prefix /registry/');
  });

  it('is not an error while a control plane could not be read', () => {
    const ground = { ...fresh, unread: ['cp-1'] };
    expect(judgeForeignEtcd([hears({ keys: 9, owner: ours }, first, 'cp-2')], ground).findings).toEqual([]);
  });

  it('names the endpoint that a host does not reach: a warning if the host reaches another', () => {
    const { findings } = judgeForeignEtcd(
      [hears(), silent(second), silent(first, 'cp-2'), silent(second, 'cp-2')],
      fresh,
    );
    expect(findings.map(({ host, check, level }) => `${host} ${check} ${level}`)).toEqual([
      'cp-1 ExternalEtcd warning',
      'cp-2 ExternalEtcd error',
    ]);
    expect(found(findings[0]).message).toContain(`${second}: Connection refused`);
  });

  it.each([
    ['3.5.23', 1],
    ['3.5.24', 0],
    ['3.4.30', 1],
    ['3.6.0', 0],
    ['4.0.0', 0],
    ['3.5.30-rc.1', 0],
  ])('etcd %s gives %i findings about its version', (version, count) => {
    const { findings } = judgeForeignEtcd([hears({ version }), hears({ version }, first, 'cp-2')], fresh);
    expect(findings.filter(({ check }) => check === 'ExternalEtcdVersion')).toHaveLength(count);
  });
});
