import { expect, it } from 'vitest';
import { hasSecret, isSecretValue } from '../../src/model/secret-value.ts';

it.each([
  ['password', 'x'],
  ['auth', 'dTpw'],
  ['identitytoken', 'x'],
  ['Authorization', 'x'],
  ['registry_password', 'x'],
  ['bearerToken', 'x'],
  ['https', 'http://u:p@proxy:3128'],
  ['0', 'Basic dTpw'],
  ['0', 'HARBOR_PASSWORD=x'],
])('%s: %s is secret', (name, value) => {
  expect(isSecretValue(name, value)).toBe(true);
  expect(hasSecret({ any: [{ [name]: value }] })).toBe(true);
  expect(hasSecret([{ name, value }])).toBe(true);
});

it.each([
  ['password', ''],
  ['auth_type', 'none'],
  ['key_file', '/etc/k.pem'],
  ['authenticationTokenWebhook', 'x'],
  ['tokenTTL', '24h'],
  ['url', 'https://r.example:5000/v2'],
  ['url', 'https://u@r.example'],
  ['level', 'basic'],
])('%s: %s is not', (name, value) => {
  expect(hasSecret({ any: [{ [name]: value }] })).toBe(false);
  expect(hasSecret([{ name, value }])).toBe(false);
});
