import { describe, expect, it } from 'vitest';
import { addonImages, canonical } from '../../src/desire/addon-images.ts';
import { addonOf, objectOf } from '../samples/addons.ts';

const digest = `sha256:${'0a'.repeat(32)}`;

describe('canonical', () => {
  it.each([
    ['busybox', 'docker.io/library/busybox:latest'],
    ['owner/app:v1', 'docker.io/owner/app:v1'],
    ['docker.io/library/busybox:1.37', 'docker.io/library/busybox:1.37'],
    ['registry.example.com:5000/a/b', 'registry.example.com:5000/a/b:latest'],
    ['localhost/a:1', 'localhost/a:1'],
    [`registry.k8s.io/a/b:v1@${digest}`, `registry.k8s.io/a/b@${digest}`],
    [`busybox@${digest}`, `docker.io/library/busybox@${digest}`],
    ['Not An Image', undefined],
    ['registry.example.com:5000', 'docker.io/library/registry.example.com:5000'],
    ['../a', undefined],
    ['a/../b:1', undefined],
    ['', undefined],
    ['{{ .Values.image }}', undefined],
  ])('%s', (image, expected) => {
    expect(canonical(image)).toBe(expected);
  });
});

it('finds the images of containers anywhere in objects, and those that an add-on lists', () => {
  const template = (image: string): object => ({
    spec: {
      template: { spec: { containers: [{ name: 'a', image }], initContainers: [{ image: 'init:1' }] } },
    },
  });
  const objects = [
    objectOf('apps/v1', 'Deployment', 'd', template('app:1')),
    objectOf('batch/v1', 'CronJob', 'c', { spec: { jobTemplate: template('app:2') } }),
    objectOf('example.com/v1', 'Own', 'o', { spec: { podTemplate: template('app:1'), image: 'not:this' } }),
    objectOf('v1', 'ConfigMap', 'm', { data: { containers: 'image: no' } }),
    objectOf('v1', 'Pod', 'p', { spec: { containers: [null, { image: 3 }, 'text'] } }),
  ];
  const addons = [addonOf('a', { images: ['agent:1'] })];
  expect(addonImages(addons, new Map([['a', objects]]))).toEqual(
    ['agent:1', 'app:1', 'app:2', 'init:1'].map((name) => `docker.io/library/${name}`),
  );
});
