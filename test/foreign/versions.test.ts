import { expect, it } from 'vitest';
import { versionOutcome } from '../../src/foreign/versions.ts';

it.each([
  ['v1.36.1', 'v1.36.1'],
  ['1.35.9', 'v1.35.7'],
  ['1.36', 'v1.36.2'],
  ['v1.34.0+k0s.0', 'v1.34.3'],
  ['v1.28.4', 'v1.34.3'],
  ['v1.40.0', 'v1.36.2'],
])('Kubernetes %s becomes %s', (text, version) => {
  const known = ['v1.36.2', 'v1.36.1', 'v1.35.7', 'v1.34.3', 'v1.34.2'];
  expect(versionOutcome(text, known).fields?.[0]?.value).toBe(version);
});
