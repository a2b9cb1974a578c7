import { describe, expect, it } from 'vitest';
import { desireHost } from '../../src/desire/host.ts';
import { pkiFiles, signingStem } from '../../src/desire/pki-files.ts';
import { certificatesFor } from '../../src/pki/certlist.ts';
import { createPki } from '../../src/pki/lookup.ts';
import { nextStem, rotationStages, rotationView, type RotationStage } from '../../src/pki/rotation.ts';
import { createRenderer } from '../../src/render/renderer.ts';
import type { Resource } from '../../src/resource/types.ts';
import { caSpec, makeCa, material, sampleCluster } from '../samples/pki.ts';
import { facts } from '../samples/text.ts';
import { unissued } from '../samples/desire.ts';

const cluster = sampleCluster();
const [host] = cluster.hosts;
const specs = certificatesFor(cluster);

async function at(stage: RotationStage | undefined) {
  const next = await makeCa({ ...caSpec(cluster, 'ca'), path: 'a new ca' });
  const texts = new Map([
    ...(await material(cluster)),
    [`${nextStem('ca')}.crt`, next.cert],
    [`${nextStem('ca')}.key`, next.key],
  ]);
  if (stage === undefined) return createPki(specs, texts);
  const { material: now, ...accepted } = rotationView(specs, texts, { cas: ['ca'], stage });
  return createPki(specs, now, 'sha256:0', accepted);
}

describe('the certificate that the controller-manager signs with', () => {
  it.each([undefined, ...rotationStages])(
    'in stage %s is in a file of its own if ca.crt has several',
    async (stage) => {
      if (host === undefined) throw new Error('no host');
      const pki = await at(stage);
      const files = pkiFiles(cluster, host, pki, createRenderer({}));
      const text = (stem: string): string | undefined =>
        files.find(({ path }) => path === `/etc/kubernetes/pki/${stem}`)?.text;
      const several = stage !== undefined && stage !== 'retire';
      expect(text('ca.crt')?.match(/BEGIN/g)).toHaveLength(several ? 2 : 1);
      expect(text(signingStem)).toBe(several ? pki.signer('ca').cert : undefined);
      expect(text('ca.key')).toBe(pki.signer('ca').key);

      const rotation = stage && { cas: ['ca'] as const, stage };
      const resources = desireHost({ ...unissued(cluster), pki, rotation }, host, facts);
      const manifest = resources.find(
        (each): each is Resource & { kind: 'static-pod' } =>
          each.kind === 'static-pod' && each.name === 'kube-controller-manager',
      );
      expect(manifest?.text).toContain(
        `--cluster-signing-cert-file=/etc/kubernetes/pki/${several ? signingStem : 'ca.crt'}\n`,
      );
      const leaves = resources.flatMap((each) => (each.kind === 'obsolete' ? [each.name] : []));
      expect(leaves.includes(signingStem)).toBe(stage === 'retire');
    },
  );
});
