import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  apiServerSans,
  canonicalIp,
  etcdSans,
  firstServiceIp,
  ipBytes,
  subjectAltNames,
} from '../../src/pki/sans.ts';
import { host, sampleCluster } from '../samples/pki.ts';

const refused = expect.objectContaining({ name: 'KbootError', code: 'E-PKI' }) as Error;

describe('canonicalIp', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:0001', '10.0.0.1'],
    ['2001:DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['::', '::'],
  ])('%s is %s', (text, wanted) => {
    expect(canonicalIp(text)).toBe(wanted);
  });

  it.each(['fe80::1%eth0', '010.0.0.1', '1.2.3', '10.0.0.256', '10.0.0.1/8', 'cp1', ''])(
    'refuses "%s"',
    (text) => {
      expect(() => canonicalIp(text)).toThrow(refused);
    },
  );

  it('keeps the bytes of every IPv6 address, however it is spelled', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), fc.boolean(), (bytes, upper) => {
        const groups = Array.from({ length: 8 }, (_, i) =>
          ((bytes[2 * i] ?? 0) * 256 + (bytes[2 * i + 1] ?? 0)).toString(16),
        );
        const text = upper ? groups.join(':').toUpperCase() : groups.join(':');
        const mapped =
          bytes.subarray(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
        expect([...ipBytes(text)]).toEqual([...(mapped ? bytes.subarray(12) : bytes)]);
        expect(canonicalIp(canonicalIp(text))).toBe(canonicalIp(text));
      }),
    );
  });
});

describe('firstServiceIp', () => {
  const of = (...serviceSubnets: string[]) =>
    firstServiceIp(sampleCluster({ networking: { ...sampleCluster().networking, serviceSubnets } }));

  it.each([
    ['10.96.0.0/12', '10.96.0.1'],
    ['10.100.7.9/12', '10.96.0.1'],
    ['192.168.255.254/31', '192.168.255.255'],
    ['fd00:1::/108', 'fd00:1::1'],
    ['fd00::ffff:0/112', 'fd00::ffff:1'],
  ])('of %s is %s', (cidr, wanted) => {
    expect(of(cidr)).toBe(wanted);
  });

  it('looks at the first subnet only, as kubeadm does', () => {
    expect(of('fd00:1::/108', '10.96.0.0/12')).toBe('fd00:1::1');
  });

  it.each(['10.0.0.1/32', 'fd00::1/128', '10.0.0.0', 'nonsense'])('refuses %s', (cidr) => {
    expect(() => of(cidr)).toThrow(refused);
  });
});

describe('apiServerSans', () => {
  it('has kubeadm\u2019s order: service, advertise, endpoint, certSANs; then kboot\u2019s own', () => {
    const cluster = sampleCluster({
      controlPlaneEndpoint: { host: '10.0.0.100', port: 8443 },
      apiServer: {
        extraArgs: [],
        certSANs: ['198.51.100.9', 'API.example.com', '*.k8s.example.com', '10.0.0.100'],
      },
      loadBalancer: { virtualIP: '10.0.0.101', port: 8443, virtualRouterID: 51 },
    });
    const sans = apiServerSans(cluster, {
      ...host('cp1', '10.99.7.11', 'control-plane'),
      secondAddress: 'FD00::11',
    });
    expect(sans.ips).toEqual([
      '10.96.0.1',
      '10.99.7.11',
      '10.0.0.100',
      '198.51.100.9',
      '10.0.0.101',
      'fd00::11',
    ]);
    expect(sans.dns).toEqual([
      '*.k8s.example.com',
      'api.example.com',
      'cp1',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ]);
  });

  it('takes a DNS endpoint into the sorted names', () => {
    const cluster = sampleCluster({ controlPlaneEndpoint: { host: 'api.prod', port: 6443 } });
    expect(apiServerSans(cluster, host('cp1', '10.99.7.11')).dns[0]).toBe('api.prod');
  });
});

describe('etcdSans', () => {
  it('has both loopback addresses for an IPv6 host', () => {
    expect(etcdSans(sampleCluster(), host('cp1', 'fd00::1')).ips).toEqual(['fd00::1', '127.0.0.1', '::1']);
  });
});

describe('subjectAltNames', () => {
  it.each([
    'a_b',
    'a b',
    '-a',
    'a.*.b',
    '*',
    '010.0.0.1',
    '1.2.3',
    'fe80::1%eth0',
    `${'a'.repeat(64)}.b`,
    'a,DNS:b',
  ])('refuses "%s"', (entry) => {
    expect(() => subjectAltNames([entry])).toThrow(refused);
  });

  it('sorts names, keeps the order of addresses, and drops repetitions of either', () => {
    expect(subjectAltNames(['b', '::1', 'a', 'B', '10.0.0.1', '::0001', '::ffff:10.0.0.1'])).toEqual({
      dns: ['a', 'b'],
      ips: ['::1', '10.0.0.1'],
    });
  });
});
