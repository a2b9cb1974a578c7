import { expect, it } from 'vitest';
import { profileSettings } from '../../src/inventory/security-profiles.ts';
import { expectGenerated } from './generated.ts';
import { profileTable } from './security-reference.ts';

it('docs/security-profiles.md says what each profile sets', async () => {
  await expectGenerated('docs/security-profiles.md', 'profiles', profileTable());
});

it('kubeadm is the loosest, and restricted never looser than baseline', () => {
  const { kubeadm, baseline, restricted } = profileSettings;
  const differing = (Object.keys(restricted) as (keyof typeof restricted)[]).filter(
    (key) => JSON.stringify(baseline[key]) !== JSON.stringify(restricted[key]),
  );
  // What restricted changes is what baseline left as kubeadm has it, except for the levels.
  expect(differing.filter((key) => JSON.stringify(kubeadm[key]) !== JSON.stringify(baseline[key]))).toEqual([
    'audit',
    'podSecurity',
  ]);
});
