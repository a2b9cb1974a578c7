import { execFileSync, spawn } from 'node:child_process';
import { createSign, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../lab/lab.ts';

/** An issuer of tokens, as OpenID Connect has it, that answers questions of authorization too. */
export interface Issuer {
  readonly url: string;
  /** PEM of the certificate that it serves. */
  readonly ca: string;
  /** A token that it signs with its own key, or with another; `claims` go over those of alice, for an hour. */
  token(claims?: Readonly<Record<string, unknown>>, key?: KeyObject): string;
  close(): void;
}

/** What the issuer serves: its keys, and `allowed` for everything that alice asks of ConfigMaps. */
const program = `
const [dir, address, port] = process.argv.slice(1);
const fs = require('node:fs');
const read = (name) => fs.readFileSync(dir + '/' + name, 'utf8');
const url = 'https://' + address + ':' + port;
require('node:https').createServer({ key: read('tls.key'), cert: read('tls.crt') }, (request, response) => {
  const answer = (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (request.url === '/.well-known/openid-configuration')
    return answer({ issuer: url, jwks_uri: url + '/keys', response_types_supported: ['id_token'],
      subject_types_supported: ['public'], id_token_signing_alg_values_supported: ['RS256'] });
  if (request.url === '/keys') return answer(JSON.parse(read('keys.json')));
  let text = '';
  request.on('data', (part) => (text += part)).on('end', () => {
    const review = JSON.parse(text);
    const { user, resourceAttributes } = review.spec;
    answer({ apiVersion: review.apiVersion, kind: review.kind,
      status: { allowed: user === 'oidc:alice' && resourceAttributes?.resource === 'configmaps' } });
  });
}).listen(Number(port), address, () => console.log('listening'));
`;

/** Starts one at the lab's bridge, with keys that are made now; its files are in `dir`. */
export async function startIssuer(lab: Lab, dir: string, port: number): Promise<Issuer> {
  const address = lab.gateway;
  const url = `https://${address}:${port}`;
  execFileSync(
    'openssl',
    [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=issuer'],
      ...['-addext', `subjectAltName=IP:${address}`],
      ...['-keyout', join(dir, 'tls.key'), '-out', join(dir, 'tls.crt')],
    ],
    { stdio: 'ignore' },
  );
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig', alg: 'RS256' };
  writeFileSync(join(dir, 'keys.json'), JSON.stringify({ keys: [jwk] }));
  const [file = '', ...argv] = lab.inside([process.execPath, '-e', program, dir, address, String(port)]);
  const child = spawn(file, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  const base64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return {
    url,
    ca: readFileSync(join(dir, 'tls.crt'), 'utf8'),
    token(claims = {}, key = privateKey) {
      const now = Math.floor(Date.now() / 1000);
      const preset = {
        iss: url,
        aud: 'kubernetes',
        sub: 'alice',
        groups: ['dev'],
        iat: now,
        exp: now + 3600,
      };
      const text = `${base64({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${base64({ ...preset, ...claims })}`;
      return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
    },
    close: () => child.kill(),
  };
}
