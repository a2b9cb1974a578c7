import { expect, it } from 'vitest';
import { eventsPath, logPath, podsOnNodePath, podsPath } from '../../../src/apply/diagnose/paths.ts';
import { nodePath } from '../../../src/kube/paths.ts';

it('requests the objects of one Pod or Node from the API', () => {
  const pod = { namespace: 'kube-system', name: 'coredns-a' };
  const options = { previous: true, lines: 40, bytes: 1000 };
  expect(logPath(pod, 'coredns', options)).toBe(
    '/api/v1/namespaces/kube-system/pods/coredns-a/log?container=coredns&tailLines=40&limitBytes=1000&previous=true',
  );
  expect(eventsPath('kube-system', 'a-1')).toBe(
    '/api/v1/namespaces/kube-system/events?fieldSelector=involvedObject.uid%3Da-1&limit=500',
  );
  expect(podsPath('kube-system', 'a=b,c=d')).toBe(
    '/api/v1/namespaces/kube-system/pods?labelSelector=a%3Db%2Cc%3Dd&limit=500',
  );
  expect(podsOnNodePath('w-1')).toBe('/api/v1/pods?fieldSelector=spec.nodeName%3Dw-1&limit=500');
});

it('makes a URL of any text', () => {
  expect(nodePath('a/b?\ud83d')).toBe('/api/v1/nodes/a%2Fb%3F%EF%BF%BD');
});
