import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readManifest } from '../../src/kube/manifests.ts';
import { sharedReader } from '../../src/kube/shared-documents.ts';

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name} }\n`;

describe('sharedReader', () => {
  it('parses a document that two texts have once, whatever comments are before it', () => {
    const read = sharedReader();
    const one = read(`---\n# a link\n---\n${configMap('a')}\n`);
    const two = read(
      `---\n# Source: shop/crds/a.yaml\n# a link\n---\n${configMap('a')}\n---\n${configMap('b')}`,
    );
    expect(two.objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
    expect(two.objects[0]).toBe(one.objects[0]);
  });

  it('says where a problem is in the whole text', () => {
    const text = `---\n---\n${configMap('a')}---\na: [\n`;
    expect(sharedReader()(text)).toEqual(readManifest(text));
    expect(readManifest(text).problems).toEqual([
      expect.stringMatching(/^document 3 is not YAML \(.*line \d/),
    ]);
  });

  const part = fc.oneof(
    fc.constantFrom(
      '---\n',
      '--- \n',
      '---\r\n',
      '--- # note\n',
      '...\n',
      '%YAML 1.1\n',
      '# note\n',
      '\n',
      '{}\n',
    ),
    fc.constantFrom(
      'text: |+\n  a\n\n',
      'text: "a\n',
      ' b"\n',
      '  ---\n',
      '\ufeff',
      '&a x\n',
      '*a\n',
      'null\n',
    ),
    fc.constantFrom('a', 'b').map(configMap),
    fc.constantFrom('a', 'b').map((name) => `${configMap(name)}data:\n  key: |+\n    # text\n\n`),
  );
  const textOfParts = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(''));
  it('returns what readManifest returns, whatever the texts', () => {
    fc.assert(
      fc.property(fc.array(textOfParts, { maxLength: 3 }), (texts) => {
        const read = sharedReader();
        for (const text of texts) expect(read(text)).toEqual(readManifest(text));
      }),
      { numRuns: 100 },
    );
  });
});
