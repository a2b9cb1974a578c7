import { describe, expect, it } from 'vitest';
import { inventoryJsonSchema } from '../../src/inventory/json-schema.ts';
import { expectSchemaFile } from '../schema-file.ts';

interface Node {
  description?: string;
  properties?: Record<string, Node>;
  items?: Node;
}

/** Paths of fields without a description. */
function undocumented(node: Node, path: string): string[] {
  const own = node.description === undefined ? [path] : [];
  const inner = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
    undocumented(child, `${path}.${key}`),
  );
  return [...own, ...inner, ...(node.items === undefined ? [] : undocumented(node.items, `${path}[]`))];
}

describe('inventory.schema.json', () => {
  it('equals what is generated from the schema in the code', async () => {
    await expectSchemaFile('inventory.schema.json', inventoryJsonSchema());
  });

  it('describes every field', () => {
    expect(undocumented(inventoryJsonSchema() as Node, 'inventory')).toEqual([]);
  });

  it('accepts the fields of the format and refuses others', () => {
    const schema = inventoryJsonSchema() as Node & Record<string, unknown>;
    expect(schema['$schema']).toBe('https://json-schema.org/draft/2020-12/schema');
    expect(schema['additionalProperties']).toBe(false);
    expect(Object.keys(schema.properties?.['spec']?.properties ?? {}).sort()).toEqual(
      'addons apiServer artifacts containerd controlPlaneEndpoint controllerManager dns encryption etcd files hooks hosts hostsFrom imageRepository kubeProxy kubelet kubernetesVersion loadBalancer metallb networking ntp pki preflight proxy runtimes scheduler security ssh state templates upgrade vagrant'.split(
        ' ',
      ),
    );
  });
});
