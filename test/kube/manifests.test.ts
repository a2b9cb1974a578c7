import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { readManifest } from '../../src/kube/manifests.ts';

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

describe('readManifest', () => {
  it('reads documents, comments and empty documents', () => {
    const { objects, problems } = readManifest(`# first\n---\n${configMap('a')}---\n---\n${configMap('b')}`);
    expect(problems).toEqual([]);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  it('reads JSON, and Lists in Lists', () => {
    const item = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } };
    const list = { apiVersion: 'v1', kind: 'List', items: [item, { kind: 'ConfigMapList', items: [item] }] };
    expect(readManifest(JSON.stringify(list)).objects).toEqual([item, item]);
  });

  it('an object whose kind ends in List is one if it has a name', () => {
    const text = 'apiVersion: example.com/v1\nkind: AllowList\nmetadata: { name: a }\nitems: [x]\n';
    expect(readManifest(text).objects).toMatchObject([{ kind: 'AllowList', items: ['x'] }]);
  });

  it('reads scalars as kubectl does', () => {
    const widget = 'apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: a }\n';
    const data = 'data: { mode: 0644, on: yes, at: 22:30, day: 2026-01-02, hex: 0x10, text: "0644" }\n';
    expect(readManifest(widget + data).objects[0]?.['data']).toEqual({
      ...{ mode: 420, true: true, at: '22:30', day: '2026-01-02', hex: 16, text: '0644' },
    });
  });

  it('leaves out what the API writes, and the annotation that holds a whole object', () => {
    const text = `apiVersion: v1
kind: Secret
metadata:
  name: a
  namespace: ""
  creationTimestamp: null
  resourceVersion: "1"
  uid: x
  managedFields: []
  finalizers: [example.com/keep]
  annotations: { kubectl.kubernetes.io/last-applied-configuration: "{}", own: a }
status: {}
`;
    expect(readManifest(text).objects).toEqual([
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'a', annotations: { own: 'a' }, finalizers: ['example.com/keep'] },
      },
    ]);
  });

  it.each([
    ['kind: A\nmetadata: { name: a }', 'document 1 has no apiVersion such as v1 or apps/v1'],
    ['apiVersion: v1\nmetadata: { name: a }', 'document 1 has no kind such as ConfigMap'],
    ['apiVersion: v1\nkind: Pod', 'document 1 (Pod) has no metadata'],
    [
      'apiVersion: v1\nkind: Pod\nmetadata: { name: ../../nodes }',
      'document 1 (Pod) has no valid metadata.name',
    ],
    [
      'apiVersion: v1\nkind: Pod\nmetadata: { name: "a\\e[2J" }',
      'document 1 (Pod) has no valid metadata.name',
    ],
    [
      'apiVersion: v1\nkind: Pod\nmetadata: { name: a, namespace: a/b }',
      'document 1 (Pod a) has no valid metadata.namespace',
    ],
    [
      'apiVersion: ../v1\nkind: Pod\nmetadata: { name: a }',
      'document 1 has no apiVersion such as v1 or apps/v1',
    ],
    [
      'apiVersion: v1\nkind: Job\nmetadata: { generateName: a- }',
      'document 1 (Job) has metadata.generateName; kboot needs metadata.name, to find it again',
    ],
    [
      `${configMap('a')}---\napiVersion: v1\nkind: Pod\nmetadata: { name: a, labels: { on: 1 } }`,
      'document 2 (Pod a) has a label or annotation that is not a text; put its value in quotes',
    ],
    ['- a', 'document 1 is not an object of the API'],
    ['a: 1\na: 2', 'document 1 is not YAML (duplicate key, line 2)'],
    ['a: !custom x', 'document 1 is not YAML (tag resolve failed, line 1)'],
    ['a: !!binary aGk=', 'document 1 is not YAML (tag resolve failed, line 1)'],
  ])('refuses %j', (text, problem) => {
    expect(readManifest(text)).toEqual({ objects: [], problems: [problem] });
  });

  it.each([
    ['ConfigMap', 'data: { port: 8080 }', 'has data.port, which is not a text; put its value in quotes'],
    ['ConfigMap', 'data: { on: yes }', 'has data.true, which is not a text; put its value in quotes'],
    ['ConfigMap', 'data: [a]', 'has data that is not a mapping'],
    ['ConfigMap', 'binaryData: { a: hunter2 }', 'has binaryData.a, which is not base64'],
    ['Secret', 'data: { a: hunter2 }', 'has data.a, which is not base64; stringData takes plain text'],
    ['Secret', 'data: { pin: 123456 }', 'has data.pin, which is not a text; put its value in quotes'],
    [
      'Secret',
      'stringData: { conf: { pw: hunter2 } }',
      'has stringData.conf, which is not a text; put its value in quotes',
    ],
  ])('refuses %s with %s, and shows no value', (kind, data, problem) => {
    const text = `apiVersion: v1\nkind: ${kind}\nmetadata: { name: a }\n${data}\n`;
    expect(readManifest(text).problems).toEqual([`document 1 (${kind} a) ${problem}`]);
  });

  it('says that a template must be rendered, and warns of nothing by itself', () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    expect(readManifest(configMap('{{ .Values.name }}')).problems).toEqual([
      'document 1 has a mapping or list as a key; a template ({{ … }}) must be rendered first',
    ]);
    expect(warnings).not.toHaveBeenCalled();
    warnings.mockRestore();
  });

  it('says that an alias does not reach an anchor of another document', () => {
    const text = `${configMap('&n a')}---\n${configMap('*n')}`;
    expect(readManifest(text).problems).toEqual([
      'document 2 has an alias (*NAME) of an anchor that is not before it in this document',
    ]);
  });

  it('takes base64 in several lines, and empty values', () => {
    const text = `apiVersion: v1
kind: Secret
metadata: { name: a }
data:
  empty:
  long: |
    aGVs
    bG8=
stringData: { none: }
`;
    expect(readManifest(text).problems).toEqual([]);
  });

  it('shows nothing of a text that it cannot read', () => {
    const { problems } = readManifest('password: "hunter2\nnext: [');
    expect(problems).toHaveLength(1);
    expect(problems[0]).not.toContain('hunter2');
  });

  it('refuses a bomb of aliases', () => {
    const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x]'];
    for (let n = 1; n < 9; n++)
      lines.push(
        `a${n}: &a${n} [${Array(9)
          .fill(`*a${n - 1}`)
          .join(', ')}]`,
      );
    expect(readManifest(lines.join('\n')).problems).toEqual(['document 1 has too many aliases']);
  });

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (text) => readManifest(text).objects.length >= 0));
  });
});
