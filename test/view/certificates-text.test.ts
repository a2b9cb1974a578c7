import './no-color.ts';
import { expect, it } from 'vitest';
import type { CertificateReport, CertificateStatus } from '../../src/model/certificates.ts';
import { certificatesText } from '../../src/view/certificates-text.ts';

const certificate = (place: string, more: Partial<CertificateStatus> = {}): CertificateStatus => ({
  ...{
    where: 'file',
    host: 'cp-1',
    place,
    role: 'leaf',
    subject: 'O=system:nodes, CN=x',
    issuer: 'CN=kubernetes',
  },
  ...{ notBefore: '2026-01-01T00:00:00.000Z', expires: '2027-01-01T00:00:00.000Z', daysLeft: 200 },
  ...{ condition: 'valid', fingerprint: place },
  ...more,
});
const inState = (place: string, more: Partial<CertificateStatus> = {}): CertificateStatus =>
  Object.fromEntries(
    Object.entries(certificate(place, { where: 'state', ...more })).filter(([field]) => field !== 'host'),
  ) as unknown as CertificateStatus;
const report = (
  certificates: readonly CertificateStatus[],
  problems: CertificateReport['problems'] = [],
): CertificateReport => ({ cluster: 'prod', warnDays: 30, valid: true, certificates, problems });

const certificates = [
  inState('ca.crt', { role: 'ca', fingerprint: 'ca' }),
  inState('hosts/cp-1/apiserver.crt', { fingerprint: 'api' }),
  inState('hosts/cp-1/admin.crt', { fingerprint: 'only here' }),
  certificate('kube-apiserver :6443', {
    ...{ where: 'served', fingerprint: 'before', daysLeft: -3, condition: 'expired' },
    ...{ file: '/etc/kubernetes/pki/apiserver.crt', differs: true },
  }),
  certificate('/etc/kubernetes/pki/ca.crt', { role: 'ca', fingerprint: 'ca' }),
  certificate('/etc/kubernetes/pki/apiserver.crt', { fingerprint: 'api' }),
  certificate('/etc/kubernetes/pki/etcd/peer.crt', { daysLeft: 12, condition: 'running-out' }),
];

it('has a line for each certificate, and one for all copies of it', () => {
  const lines = certificatesText(report(certificates), false).split('\n');
  expect(lines[0]).toBe('prod · 1 certificates served, 3 in files of hosts, 3 in the state folder');
  const places = lines.slice(3, 8).map((line) => line.split(/ {2,}/).slice(0, 2).join(' '));
  expect(places).toEqual([
    'state folder ca.crt',
    'state folder hosts/cp-1/admin.crt',
    'cp-1 kube-apiserver :6443',
    'cp-1 /etc/kubernetes/pki/apiserver.crt',
    'cp-1 /etc/kubernetes/pki/etcd/peer.crt',
  ]);
  expect(lines[5]).toMatch(/-3 {2}EXPIRED; \/etc\/kubernetes\/pki\/apiserver.crt has another one$/);
  expect(lines.slice(-2)).toEqual([
    'Not listed: 2 files with copies of these; --verbose lists them.',
    expect.stringMatching(/^1 expired, 1 with less than 30 days left\. `kboot up INVENTORY`/),
  ]);
});

it('lists everything with --verbose', () => {
  const text = certificatesText(report(certificates), true);
  expect(text).toContain('/etc/kubernetes/pki/ca.crt');
  expect(text).toContain('hosts/cp-1/apiserver.crt');
  expect(text).not.toContain('Not listed');
});

it('shows names from outside with every character', () => {
  const text = certificatesText(report([certificate('/x', { subject: 'CN=a\u202eb' })]), false);
  expect(text).toContain('a⟨U+202E⟩b');
});

it('says what could not be read, and that all is well', () => {
  const problem = { host: 'cp-1', place: 'etcd :2379', why: 'Connection refused' };
  const lines = certificatesText(report(certificates.slice(0, 1), [problem]), false).split('\n');
  expect(lines.slice(-2)).toEqual([
    'cp-1: etcd :2379: Connection refused',
    'All certificates are valid for at least 30 days.',
  ]);
  expect(certificatesText(report([]), false)).toMatch(/^No certificates of prod were found/);
});
