import { expect, it } from 'vitest';
import { corefile, corednsManifest } from '../../../src/desire/text/coredns.ts';
import { parseObjects } from '../../../src/desire/text/kube-objects.ts';
import type { Dns } from '../../../src/model/cluster.ts';
import { contextOf, found, golden, single } from '../../samples/text.ts';

const plain = corefile(contextOf(single()), undefined);

it('is kubeadm’s without settings', () => {
  const theirs = parseObjects('kubeadm', golden('single/objects.yaml')).find(
    ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === 'coredns',
  );
  expect(found(theirs)['data']).toEqual({ Corefile: plain });
});

it('asks the stated name servers, and others for the stub domains; further blocks come last', () => {
  const dns: Dns = {
    upstream: ['10.0.0.53', '[fd00::53]:5353', 'tls://9.9.9.9'],
    stubDomains: [
      { domain: 'corp.example', servers: ['10.0.0.53', '10.0.0.54:5353'] },
      { domain: '10.in-addr.arpa', servers: ['10.0.0.53'] },
    ],
    extraBlocks: 'example.org:53 {\n    whoami\n}\n\n',
  };
  const text = corefile(contextOf(single()), dns);
  const added = `corp.example:53 {
    errors
    cache 30
    forward . 10.0.0.53 10.0.0.54:5353
}
10.in-addr.arpa:53 {
    errors
    cache 30
    forward . 10.0.0.53
}
example.org:53 {
    whoami
}
`;
  const asked = 'forward . 10.0.0.53 [fd00::53]:5353 tls://9.9.9.9 {';
  expect(text).toBe(`${plain.replace('forward . /etc/resolv.conf {', asked)}${added}`);
});

it('has the stated number of Pods', () => {
  const manifest = (replicas?: number) => {
    const dns = { stubDomains: [], ...(replicas !== undefined && { replicas }) };
    const objects = parseObjects('coredns', corednsManifest(contextOf(single({ dns }))));
    return found(objects.find(({ kind }) => kind === 'Deployment'))['spec'];
  };
  expect(manifest()).toMatchObject({ replicas: 2 });
  expect(manifest(3)).toMatchObject({ replicas: 3 });
});
