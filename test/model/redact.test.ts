import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Json } from '../../src/model/cluster.ts';
import { redacted, redactJson, redactText, secretsIn } from '../../src/model/redact.ts';

const letters = (from: string, minLength: number, maxLength = minLength) =>
  fc.string({ unit: fc.constantFrom(...from.split('')), minLength, maxLength });
const lower = 'abcdefghijklmnopqrstuvwxyz0123456789';
const base64 = `${lower}ABCDEFGHIJKLMNOPQRSTUVWXYZ+/`;
/** Words that a secret cannot be confused with. */
const secret = letters(lower, 12, 24).map((text) => `Zq${text}`);
const pem = letters(base64, 64)
  .chain((line) => fc.tuple(fc.constant(line), fc.constantFrom('', 'RSA ', 'EC ', 'OPENSSH ')))
  .map(([line, kind]) => ({
    secret: line,
    text: `-----BEGIN ${kind}PRIVATE KEY-----\n${line}\n${line}\n-----END ${kind}PRIVATE KEY-----\n`,
  }));
const named = fc
  .tuple(
    fc.constantFrom(
      'password',
      'ssh_password',
      'SUDO_PASSWORD',
      'token',
      'clientSecret',
      'api-key',
      'certificateKey',
      'client-key-data',
      'passphrase',
      'DB_PASS',
      'MYSQL_PWD',
      'AWS_ACCESS_KEY_ID',
      'secretKey',
      'encryption-key',
      'X-Amz-Signature',
      'Set-Cookie',
      'credential',
    ),
    secret,
    fc.constantFrom(
      'N=S',
      'N: S',
      '"N": "S"',
      "N='S'",
      '--N=S',
      '--N S',
      '{"N":"S"}',
      String.raw`{\"N\":\"S\"}`,
      'N="S with blanks"',
      '["--N","S"]',
      '["--N", "S"]',
      '- name: N\n  value: S',
      '- name: "N"\n  value: "S"',
      '{"name":"N","value":"S"}',
      'https://files.example/a?x=1&N=S&y=2',
    ),
  )
  .map(([name, value, form]) => ({ secret: value, text: form.replace('S', value).replace('N', name) }));
const formed = fc.oneof(
  pem,
  named,
  secret.map((value) => ({ secret: value, text: `Authorization: Bearer ${value}` })),
  secret.map((value) => ({ secret: value, text: `https://user:${value}@proxy.example:3128/` })),
  secret.map((value) => ({ secret: value, text: `https://${value}@git.example/a.git` })),
  secret.map((value) => ({ secret: value, text: `https://user:p@${value}@proxy.example/` })),
  secret.map((value) => ({ secret: value, text: `admin:$2y$05$${value}./${value}` })),
  secret.map((value) => ({ secret: value, text: `root:$6$rounds=5000$${value}$${value}:19000:0` })),
  secret.map((value) => ({ secret: value, text: `registry = { auth = "${value}" }` })),
  secret.map((value) => ({ secret: value, text: `{"auths":{"r.example":{"auth":"${value}"}}}` })),
  secret.map((value) => ({ secret: value, text: `curl -u admin:${value} https://r.example` })),
  fc
    .tuple(fc.constantFrom('ghp_', 'github_pat_', 'glpat-', 'xoxb-', 'hvs.', 'AKIA', 'dckr_pat_'), secret)
    .map(([prefix, value]) => ({ secret: value, text: `pulled with ${prefix}${value}${value}` })),
  letters(base64, 40).map((value) => ({ secret: value, text: `client: LS0tLS1CRUdJTi${value}==` })),
  letters(base64, 64).map((value) => ({
    secret: value,
    text: `-----BEGIN PGP PRIVATE KEY BLOCK-----\n${value}\n-----END PGP PRIVATE KEY BLOCK-----`,
  })),
  fc
    .tuple(letters(lower, 6), letters(lower, 16))
    .map(([id, value]) => ({ secret: value, text: `joined with ${id}.${value}` })),
  secret.map((value) => ({ secret: value, text: `eyJhbGciOiJSUzI1NiJ9.${value}.${value}` })),
);
const noise = fc.string({
  unit: fc.constantFrom(...lower.split(''), ' ', '\n', '/', '-', '.'),
  maxLength: 30,
});

it('planted secrets never come out of a text, nor of JSON with it, nor of JSON in a log line', () => {
  fc.assert(
    fc.property(noise, formed, noise, (before, { secret: value, text }, after) => {
      const whole = `${before} ${text} ${after}`;
      expect(redactText(whole)).not.toContain(value);
      expect(JSON.stringify(redactJson({ message: whole, list: [whole] }))).not.toContain(value);
      expect(redactText(JSON.stringify({ message: whole }))).not.toContain(value);
    }),
    { numRuns: 500 },
  );
});

it('known secrets are replaced wherever they are, also in JSON', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 4 }), noise, (value, around) => {
      fc.pre(!'<redacted>'.includes(value) && !around.includes(value) && value.trim() === value);
      const known = new Map([[value, '<redacted>']]);
      expect(redactText(`${around}\0${value}\0${around}`, known)).not.toContain(`\0${value}\0`);
    }),
  );
});

it('a key whose beginning was cut off is a key', () => {
  const line = 'MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7';
  expect(redactText(`${line}\n${line}\n-----END PRIVATE KEY-----\nnext`)).toBe('<redacted>\nnext');
});

it('a secret is known by its name, in fields, arguments and variables', () => {
  const data: Json = {
    args: [{ name: 'oidc-client-secret', value: 'hunter2x' }],
    password: 'hunter3x',
    user: 'ops',
  };
  expect([...secretsIn(data).keys()]).toEqual(['hunter2x', 'hunter3x']);
  expect(redactJson(data)).toEqual({
    args: [{ name: 'oidc-client-secret', value: '<redacted>' }],
    password: '<redacted>',
    user: 'ops',
  });
});

it.each([
  'Failed to pull image "registry.k8s.io/pause:3.10": not found',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  '2026-11-28T20:00:00+0000 cp-1 kubelet[812]: E1128 node "cp-1" not found',
  'https://10.0.0.11:6443/healthz?timeout=10s',
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----',
])('%s stays', (text) => {
  expect(redactText(text)).toBe(text);
});

it('values of secrets by their names never come out of JSON, whatever their type', () => {
  const json = {
    registries: [{ host: 'r.example', auth: { username: 'ci', password: 12345678 } }],
    env: [
      { name: 'DB_PASS', value: 'hunter2hunter2' },
      { name: 'REPLICAS', value: '3' },
    ],
    args: ['--password', 'hunter2', '--port', '80', '--token', '--verbose'],
    keys: [{ name: 'key1', secret: 'c2VjcmV0' }],
    httpauth: 'basic',
  };
  expect(redactJson(json)).toEqual({
    registries: [{ host: 'r.example', auth: { username: 'ci', password: redacted } }],
    env: [
      { name: 'DB_PASS', value: redacted },
      { name: 'REPLICAS', value: '3' },
    ],
    args: ['--password', redacted, '--port', '80', '--token', '--verbose'],
    keys: [{ name: 'key1', secret: redacted }],
    httpauth: 'basic',
  });
});

it('what is not a secret stays: a report without it is of no use', () => {
  for (const text of [
    'kubelet.service: Main process exited, code=exited, status=1/FAILURE',
    'https://10.0.0.11:6443/healthz: connection refused',
    'image registry.example.com/app@sha256:0123456789abcdef',
    'glibc-langpack-en-2.34-100.el9 installed',
    'key file /etc/kubernetes/pki/apiserver.key has mode 600',
    'find / -u 0 -name x; echo $1 $2',
    'tls-cert-file=/etc/kubernetes/pki/apiserver.crt',
  ])
    expect(redactText(text)).toBe(text);
});
