import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { sha256 } from '../../src/model/digest.ts';
import { clusterIdOf } from '../../src/pki/digest.ts';
import { caSpec, makeCa, sampleCluster } from '../samples/pki.ts';

it('hashes text as UTF-8', () => {
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  expect(sha256('ü')).toBe(sha256(Uint8Array.of(0xc3, 0xbc)));
});

it('names a cluster by the pin that kubeadm documents', async () => {
  const { cert } = await makeCa(caSpec(sampleCluster(), 'ca'));
  const documented =
    'openssl x509 -pubkey -noout | openssl rsa -pubin -outform der 2>/dev/null | openssl dgst -sha256 -hex';
  const pin = execFileSync('sh', ['-c', documented], { input: cert, encoding: 'utf8' })
    .trim()
    .split(' ')
    .at(-1);
  expect(clusterIdOf(cert)).toBe(`sha256:${pin ?? ''}`);
});

it('refuses a CA that cannot be read', () => {
  expect(() => clusterIdOf('# ca.crt: issued when the plan is applied\n')).toThrow(
    expect.objectContaining({ code: 'E-PKI' }),
  );
});
